//! Erlang's loss and delay formulas, by recursions that neither overflow nor cancel.

use crate::check;
use crate::error::Result;

/// Erlang B: the share of arrivals lost by `c` servers without a queue, at offered load `a` erlangs.
///
/// `B(0) = 1`, `B(k) = a B(k-1) / (k + a B(k-1))` (Erlang 1917; Gross et al., *Fundamentals of Queueing Theory*).
/// `a` may exceed `c`. `c = 0` loses everything, `a = 0` nothing (when `c > 0`). Takes `c` steps.
///
/// # Errors
/// Out of domain when `a` is negative or not finite.
pub fn erlang_b(c: u32, a: f64) -> Result<f64> {
    check::not_negative("the offered load", a)?;
    Ok(loss(c, a))
}

/// Erlang C: the share of arrivals that wait when `c` servers share one unlimited queue, at `a < c` erlangs.
///
/// `C = B / (1 - rho (1 - B))` with `rho = a / c` (Erlang 1917; Harchol-Balter 2013, ch. 14). Takes `c` steps.
///
/// # Errors
/// Out of domain when `c` is 0 or `a` is negative or not finite; unstable when `a >= c`.
pub fn erlang_c(c: u32, a: f64) -> Result<f64> {
    check::at_least("the number of servers", u64::from(c), 1)?;
    check::not_negative("the offered load", a)?;
    check::stable(a, f64::from(c))?;
    Ok(delay_from_loss(c, a, loss(c, a)))
}

/// Erlang B without checks.
pub(crate) fn loss(c: u32, a: f64) -> f64 {
    let mut b = 1.0;
    for k in 1..=c {
        b = next_loss(k, a, b);
        if b == 0.0 {
            break;
        }
    }
    b
}

/// One step of the loss recursion: from `k - 1` servers to `k`.
pub(crate) fn next_loss(k: u32, a: f64, b: f64) -> f64 {
    a * b / (f64::from(k) + a * b)
}

/// Erlang C from Erlang B, written so that a load close to one loses no digits.
pub(crate) fn delay_from_loss(c: u32, a: f64, b: f64) -> f64 {
    let c = f64::from(c);
    c * b / ((c - a) + a * b)
}
