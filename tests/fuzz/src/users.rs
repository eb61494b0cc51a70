//! Files of users, as `gatehouse import` reads them: CSV, JSON lines, and arrays of JSON.

use std::io::Write;

use gatehouse_testing::NOW;

use crate::file;
use crate::user_file::{Columns, Format, Record, Source, Writer};

/// Reads the bytes as a file of users. Every user that is accepted survives an export and an
/// import, in both formats, without a change. No message repeats a hash.
pub fn users(data: &[u8]) {
    let records = read(data);
    if records.is_empty() {
        return;
    }
    for format in [Format::Ndjson, Format::Csv] {
        let again = read(&written(&records, format));
        assert_eq!(again.len(), records.len(), "{format:?}: a user is lost");
        for (again, record) in again.iter().zip(&records) {
            assert_eq!(again.digest(), record.digest(), "{format:?}");
        }
    }
}

/// Returns the users of a file, each as it is exported.
fn read(data: &[u8]) -> Vec<Record> {
    file::holding(data, |path| {
        let mut records = Vec::new();
        let source = Source::scan(path, None).ok();
        let entries = source.and_then(|source| source.entries(&Columns::default(), |_| ()).ok());
        let mut line = 0;
        for entry in entries.into_iter().flatten() {
            let Ok(entry) = entry else {
                break;
            };
            assert!(entry.line >= line, "the lines are out of order");
            line = entry.line;
            let Ok(record) = entry.record else {
                continue;
            };
            match record.user(NOW) {
                Ok(user) => records.push(Record::from(&user)),
                Err(remark) => {
                    let hash = record.password_hash.filter(|hash| hash.len() >= 16);
                    let is_repeated = hash.is_some_and(|hash| remark.detail.contains(&hash));
                    assert!(!is_repeated, "{remark:?}");
                }
            }
        }
        records
    })
}

fn written(records: &[Record], format: Format) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = Writer::new(format, &mut bytes as &mut dyn Write).unwrap();
    for record in records {
        writer.put(record).unwrap();
    }
    writer.end().unwrap();
    drop(writer);
    bytes
}
