//! The few operations on complex numbers that transforms and roots need.

/// A complex number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Complex {
    pub(crate) re: f64,
    pub(crate) im: f64,
}

impl Complex {
    pub(crate) fn new(re: f64, im: f64) -> Self {
        Complex { re, im }
    }

    /// `exp(i angle)`.
    pub(crate) fn cis(angle: f64) -> Self {
        Complex::new(angle.cos(), angle.sin())
    }

    pub(crate) fn exp(self) -> Self {
        Complex::cis(self.im).scale(self.re.exp())
    }

    pub(crate) fn add(self, other: Self) -> Self {
        Complex::new(self.re + other.re, self.im + other.im)
    }

    pub(crate) fn mul(self, other: Self) -> Self {
        Complex::new(self.re * other.re - self.im * other.im, self.re * other.im + self.im * other.re)
    }

    pub(crate) fn scale(self, factor: f64) -> Self {
        Complex::new(self.re * factor, self.im * factor)
    }

    pub(crate) fn recip(self) -> Self {
        let square = self.re * self.re + self.im * self.im;
        Complex::new(self.re / square, -self.im / square)
    }

    pub(crate) fn abs(self) -> f64 {
        self.re.hypot(self.im)
    }

    pub(crate) fn arg(self) -> f64 {
        self.im.atan2(self.re)
    }

    pub(crate) fn powi(self, mut exponent: u32) -> Self {
        let (mut base, mut result) = (self, Complex::new(1.0, 0.0));
        while exponent > 0 {
            if exponent & 1 == 1 {
                result = result.mul(base);
            }
            base = base.mul(base);
            exponent >>= 1;
        }
        result
    }
}
