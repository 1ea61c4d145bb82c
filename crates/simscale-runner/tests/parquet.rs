//! `cells.parquet` says what `cells.csv` says. `cargo test -p simscale-runner --features parquet --test parquet`.

#![cfg(feature = "parquet")]

mod place;

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use place::{Place, SMALL, code, err};

/// A value as the CSV has it.
fn shown(field: &Field) -> String {
    match field {
        Field::Null => String::new(),
        Field::Bool(value) => u8::from(*value).to_string(),
        Field::Long(value) => value.to_string(),
        Field::Double(value) => value.to_string(),
        Field::Str(text) => text.clone(),
        other => panic!("no type of this table: {other:?}"),
    }
}

#[test]
fn the_columnar_table_is_that_of_the_csv() {
    let place = Place::new();
    let axes = "axes.\"group.min\" = [1, 2]\naxes.\"instance.price\" = [\"0.10 USD/h\", \"0.20 USD/h\"]\n";
    place.write("small.toml", &format!("{SMALL}\n[sweep]\nreplications = 10\n{axes}"));
    let sweep = place.run(&["sweep", "small.toml", "--no-hindsight", "--out", "swept"]);
    assert_eq!(code(&sweep), 0, "{}", err(&sweep));
    let text = place.read("swept/cells.csv");
    let mut csv = csv::Reader::from_reader(text.as_bytes());
    let head: Vec<String> = csv.headers().unwrap().iter().map(str::to_owned).collect();
    let file = std::fs::File::open(place.path("swept/cells.parquet")).unwrap();
    let reader = SerializedFileReader::new(file).unwrap();
    let mut values = 0;
    let rows: Vec<_> = reader.get_row_iter(None).unwrap().map(|row| row.unwrap()).collect();
    for (row, record) in rows.iter().zip(csv.records()) {
        let record = record.unwrap();
        for ((at, (name, field)), wanted) in row.get_column_iter().enumerate().zip(&record) {
            assert_eq!((name, shown(field)), (&head[at], wanted.to_owned()));
            values += 1;
        }
    }
    assert_eq!((rows.len(), values), (4, 4 * head.len()));
    let kinds = ["cell", "group.min", "winner", "cost_usd_per_month"].map(|name| {
        let at = head.iter().position(|column| column == name).unwrap();
        reader.metadata().file_metadata().schema_descr().column(at).physical_type().to_string()
    });
    assert_eq!(kinds, ["INT64", "BYTE_ARRAY", "BOOLEAN", "DOUBLE"]);
}
