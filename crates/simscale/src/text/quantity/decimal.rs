//! Decimal text to exact whole multiples of a smallest unit, without floating point.

/// Why a decimal text has no exact whole value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DecimalError {
    /// Something other than digits with at most one point.
    NotDecimal,
    /// Has a part smaller than the smallest unit.
    TooFine,
    /// More than `u64::MAX` smallest units.
    TooLarge,
}

/// `text` times `unit`, exactly: `scaled("1.5", 1024)` is 1536.
pub(super) fn scaled(text: &str, unit: u64) -> Result<u64, DecimalError> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if [whole, fraction].iter().any(|part| part.is_empty() || !part.bytes().all(|b| b.is_ascii_digit())) {
        return Err(DecimalError::NotDecimal);
    }
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > 18 {
        return Err(DecimalError::TooFine);
    }
    let whole = whole.trim_start_matches('0');
    if whole.len() > 20 {
        return Err(DecimalError::TooLarge);
    }
    // The fraction is below 10^18 and so fits; the whole part may not, and is checked below.
    let divisor = 10_u128.pow(fraction.len() as u32);
    let fraction = u128::from(fraction.parse::<u64>().unwrap_or(0)) * u128::from(unit);
    if !fraction.is_multiple_of(divisor) {
        return Err(DecimalError::TooFine);
    }
    let whole = whole.parse::<u128>().unwrap_or(0).checked_mul(u128::from(unit));
    whole
        .and_then(|whole| whole.checked_add(fraction / divisor))
        .and_then(|sum| u64::try_from(sum).ok())
        .ok_or(DecimalError::TooLarge)
}

/// `units` of size `1 / per`, as the shortest decimal text with at least `least` decimals.
pub(super) fn shown(units: u64, per: u64, least: usize) -> String {
    let decimals = per.ilog10() as usize;
    let mut fraction = format!("{:0decimals$}", units % per);
    while fraction.len() > least && fraction.ends_with('0') {
        fraction.pop();
    }
    let whole = units / per;
    if fraction.is_empty() { whole.to_string() } else { format!("{whole}.{fraction}") }
}
