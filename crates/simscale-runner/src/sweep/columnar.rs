//! A table of a sweep as a Parquet file: the same columns and values as its CSV, each with its type; what is empty there is null here.

use parquet::basic::{LogicalType, Repetition, Type as Physical};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::Result;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{Type, TypePtr};
use std::sync::Arc;

/// What a column of `cells.csv` holds; `axis` for the labels of cells.
fn physical(name: &str, axis: bool) -> Physical {
    match name {
        _ if axis => Physical::BYTE_ARRAY,
        "holds" | "overloaded" => Physical::BYTE_ARRAY,
        "winner" | "on_front" => Physical::BOOLEAN,
        "cell" | "replications" => Physical::INT64,
        _ if name.ends_with(".broken_replications") => Physical::INT64,
        _ => Physical::DOUBLE,
    }
}

/// A `cells.csv` with this number of axes as a Parquet file of one row group, not compressed.
pub(super) fn cells(csv: &[u8], axes: usize) -> Vec<u8> {
    let mut reader = csv::Reader::from_reader(csv);
    let head: Vec<String> =
        reader.headers().expect("our own table has a head").iter().map(str::to_owned).collect();
    let rows: Vec<csv::StringRecord> =
        reader.records().collect::<std::result::Result<_, _>>().expect("our own table is whole");
    let kinds: Vec<Physical> =
        head.iter().enumerate().map(|(at, name)| physical(name, (1..=axes).contains(&at))).collect();
    write(&head, &kinds, &rows).expect("memory takes any table")
}

fn write(head: &[String], kinds: &[Physical], rows: &[csv::StringRecord]) -> Result<Vec<u8>> {
    let fields: Vec<TypePtr> =
        head.iter().zip(kinds).map(|(name, kind)| field(name, *kind)).collect::<Result<_>>()?;
    let schema = Arc::new(Type::group_type_builder("cells").with_fields(fields).build()?);
    let mut bytes = Vec::new();
    let mut file = SerializedFileWriter::new(&mut bytes, schema, Arc::new(WriterProperties::default()))?;
    let mut group = file.next_row_group()?;
    let mut at = 0;
    while let Some(mut column) = group.next_column()? {
        let values: Vec<&str> = rows.iter().map(|row| &row[at]).collect();
        fill(column.untyped(), &values)?;
        column.close()?;
        at += 1;
    }
    group.close()?;
    file.close()?;
    Ok(bytes)
}

fn field(name: &str, kind: Physical) -> Result<TypePtr> {
    let text = (kind == Physical::BYTE_ARRAY).then_some(LogicalType::String);
    let column = Type::primitive_type_builder(name, kind).with_repetition(Repetition::OPTIONAL);
    Ok(Arc::new(column.with_logical_type(text).build()?))
}

fn fill(column: &mut ColumnWriter<'_>, values: &[&str]) -> Result<()> {
    let given: Vec<&str> = values.iter().copied().filter(|value| !value.is_empty()).collect();
    let levels: Vec<i16> = values.iter().map(|value| i16::from(!value.is_empty())).collect();
    let levels = Some(&levels[..]);
    match column {
        ColumnWriter::BoolColumnWriter(writer) => {
            let values: Vec<bool> = given.iter().map(|value| *value == "1").collect();
            writer.write_batch(&values, levels, None)?;
        }
        ColumnWriter::Int64ColumnWriter(writer) => {
            let values: Vec<i64> = given.iter().map(|value| value.parse().expect("a count")).collect();
            writer.write_batch(&values, levels, None)?;
        }
        ColumnWriter::DoubleColumnWriter(writer) => {
            let values: Vec<f64> = given.iter().map(|value| value.parse().expect("a number")).collect();
            writer.write_batch(&values, levels, None)?;
        }
        ColumnWriter::ByteArrayColumnWriter(writer) => {
            let values: Vec<ByteArray> = given.iter().map(|&value| ByteArray::from(value)).collect();
            writer.write_batch(&values, levels, None)?;
        }
        _ => unreachable!("the columns have four types"),
    }
    Ok(())
}
