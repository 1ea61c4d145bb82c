//! The same picture in pixels, drawn with a font of our own so that it looks the same on every machine.

use resvg::{tiny_skia, usvg};
use std::io::Write;
use std::sync::Arc;

/// DejaVu Sans, subset and renamed; its licence lies beside it.
static FONT: &[u8] = include_bytes!("../../assets/simscale-sans.ttf");

/// Pixels per unit of the picture's size on a page.
const SCALE: f32 = 1.5;

/// Renders SVG text of this program as PNG.
pub fn png(svg: &str) -> Vec<u8> {
    let mut options = usvg::Options { font_family: "Simscale Sans".to_string(), ..usvg::Options::default() };
    let fonts = Arc::make_mut(&mut options.fontdb);
    fonts.load_font_data(FONT.to_vec());
    fonts.set_sans_serif_family("Simscale Sans");
    let tree = usvg::Tree::from_str(svg, &options).expect("our own picture is well formed");
    let size = tree.size().to_int_size().scale_by(SCALE).expect("the picture has a size");
    let mut pixels = tiny_skia::Pixmap::new(size.width(), size.height()).expect("the picture has a size");
    resvg::render(&tree, tiny_skia::Transform::from_scale(SCALE, SCALE), &mut pixels.as_mut());
    encode(pixels).expect("memory takes any picture")
}

/// Writes the picture row by row: to encode it whole takes two more copies of it, and nothing in a run is larger than one.
fn encode(pixels: tiny_skia::Pixmap) -> Result<Vec<u8>, png::EncodingError> {
    let (width, height) = (pixels.width(), pixels.height());
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    let mut rows = writer.stream_writer()?;
    for row in pixels.take_demultiplied().chunks(width as usize * 4) {
        rows.write_all(row)?;
    }
    rows.finish()?;
    writer.finish()?;
    Ok(file)
}
