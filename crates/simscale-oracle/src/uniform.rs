//! A Markov chain in continuous time, followed by uniformisation (Jensen 1953): a Poisson number of jumps of one chain in discrete time.

/// The law of the states after `span`, where `speed` is at least the rate at which any state is left and `jump` is one jump at that rate.
pub(crate) fn after(mut law: Vec<f64>, speed: f64, span: f64, jump: impl Fn(&[f64]) -> Vec<f64>) -> Vec<f64> {
    // Short stretches keep exp(-speed * h) away from 0.
    let stretches = (speed * span / 64.0).ceil().max(1.0);
    let mean = speed * span / stretches;
    for _ in 0..stretches as u64 {
        let mut weight = (-mean).exp();
        let (mut next, mut covered) = (vec![0.0; law.len()], 0.0);
        for k in 1.. {
            next.iter_mut().zip(&law).for_each(|(n, p)| *n += weight * p);
            covered += weight;
            weight *= mean / f64::from(k);
            if f64::from(k) > mean && weight < 1e-18 {
                break;
            }
            law = jump(&law);
        }
        next.iter_mut().for_each(|p| *p /= covered);
        law = next;
    }
    law
}
