//! CSV files: rows, line numbers, separators and encodings.

use super::*;

#[test]
fn a_row_is_read_or_refused_with_a_reason() {
    let text = format!(
        "username,password_hash,email,roles\n\
         ada,{HASH},ada@example.org,user admin\n\
         \"grace\",\"{HASH}\",,\"admin,user\"\n\
         eve,{HASH}\n\
         ,{HASH},,\n\
         ,,,\n\
         Müller,{HASH},NULL,\\N\n"
    );
    let mut text = text.into_bytes();
    text.extend(b"\xff,x,,\n");
    let contents = plain(&text);
    let expected = [
        "ada",
        "grace",
        ": has 2 fields, but the header has 4",
        "username: is missing",
        "Müller",
        ": is not UTF-8: save the file as UTF-8",
    ];
    assert_eq!(contents.names(), expected);
    assert_eq!(contents.records[0].roles, contents.records[1].roles);
    assert_eq!(contents.records[2].email, None);
    assert_eq!(contents.records[2].roles, None);
}

#[test]
fn lines_are_counted_as_in_an_editor() {
    let text = format!(
        "username,password_hash,email\n\
         ada,{HASH},\n\
         \n\
         \n\
         \"e\n\nve\",{HASH},\n\
         eve,x,\n\
         grace,{HASH},\n"
    );
    let expected = [
        (2, "ada"),
        (5, "username"),
        (8, "password_hash"),
        (9, "grace"),
    ];
    for end in ["\n", "\r\n", "\r"] {
        let contents = plain(text.replace('\n', end));
        assert_eq!(contents.fields(), expected, "{end:?}");
    }
}

#[test]
fn an_unclosed_quotation_mark_is_reported() {
    let row = |name: &str| format!("{name},{HASH},\n");
    let header = "username,password_hash,note\n";
    // Closed in a later row: two users would become one, and the note is ignored.
    let text = format!("{header}ada,{HASH},\"x\neve,{HASH},\"y\n{}", row("grace"));
    let contents = read(text.as_bytes(), &["--ignore", "note"], None).unwrap();
    assert_eq!(contents.fields(), [(2, ""), (4, "grace")]);
    assert!(
        contents.names()[0].ends_with("the record ends on line 3"),
        "{:?}",
        contents.names()
    );
    // Never closed, in a short file and in a long one.
    let text = format!("{header}{}eve,{HASH},\"x\n{}", row("ada"), row("grace"));
    let contents = read(text.as_bytes(), &["--ignore", "note"], None).unwrap();
    assert_eq!(contents.fields(), [(2, "ada"), (3, "")]);
    let long = format!("{text}{}", row("more").repeat(5_000));
    let error = error(&long, &["--ignore", "note"]);
    assert!(
        error.contains("line 3: a record has more than 64 KiB"),
        "{error}"
    );
    // A note with valid quotation marks and line breaks.
    let text = format!("{header}ada,{HASH},\"a \"\"b\"\"\n\nc\"\n{}", row("grace"));
    let contents = read(text.as_bytes(), &["--ignore", "note"], None).unwrap();
    assert_eq!(contents.fields(), [(2, "ada"), (5, "grace")]);
}

#[test]
fn an_ambiguous_header_is_an_error() {
    for (header, words, expected) in [
        (
            "username,password,is_staff\n",
            &[][..],
            "line 1: unknown columns password, is_staff: read them with --column OURS=THEIRS, or ignore them with --ignore password,is_staff",
        ),
        (
            "username,Username\n",
            &[],
            "more than one column is username",
        ),
        ("email\n", &[], "the column username is missing"),
        (
            "username,email\n",
            &["--column", "password_hash=pwd"],
            "there is no column pwd, but --column names it",
        ),
        (
            "username,login\n",
            &["--column", "username=login"],
            "ignore it with --ignore username",
        ),
        ("sep=;\nusername;x\n", &[], "line 2: unknown column x: "),
    ] {
        let error = error(header, words);
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn columns_are_found_with_any_separator_and_under_other_names() {
    let words = [
        "--column",
        "username=login",
        "--column",
        "password_hash=password",
        "--column",
        "status=active",
        "--ignore",
        "junk",
    ];
    for separator in [",", ";", "\t"] {
        for first in [String::new(), format!("\"sep={separator}\"\r\n")] {
            let header = ["login", " PASSWORD", "Active", "\"junk\"", ""].join(separator);
            let row = ["ada", HASH, "t", "a, b; c", ""].join(separator);
            let row = row.replace("a, b; c", "\"a, b; c\"");
            let text = format!("{first}{header}\n{row}\n");
            let contents = read(text.as_bytes(), &words, None).unwrap();
            assert_eq!(contents.names(), ["ada"]);
            assert_eq!(contents.records[0].status.as_deref(), Some("active"));
        }
    }
    let text = format!("{{\"login\":\"ada\",\"pw\":\"{HASH}\"}}\n{{\"login\":\"eve\"}}\n");
    let words = ["--column", "username=login", "--column", "password_hash=pw"];
    let contents = read(text.as_bytes(), &words, None).unwrap();
    let missing = "password_hash: pw is missing, but --column names it";
    assert_eq!(contents.names(), ["ada", missing]);
}

#[test]
fn the_encodings_of_excel_and_powershell_are_read() {
    let text = format!("username;password_hash\r\nMüller;{HASH}\r\nAndré;{HASH}\r\nada;{HASH}\r\n");
    let utf16 = |bytes: fn(u16) -> [u8; 2], mark: bool| {
        let mark = mark.then_some(0xfeff);
        let units = mark.into_iter().chain(text.encode_utf16());
        units.flat_map(bytes).collect::<Vec<u8>>()
    };
    let (windows, _, _) = encoding_rs::WINDOWS_1252.encode(&text);
    for bytes in [
        text.clone().into_bytes(),
        [b"\xef\xbb\xbf", text.as_bytes()].concat(),
        utf16(u16::to_le_bytes, true),
        utf16(u16::to_be_bytes, true),
        utf16(u16::to_le_bytes, false),
        windows.into_owned(),
    ] {
        let contents = plain(&bytes);
        let expected = [(2, "Müller"), (3, "André"), (4, "ada")];
        assert_eq!(contents.fields(), expected, "{:?}", &bytes[..8]);
    }
    let json = format!("\u{feff}[{{\"username\":\"ada\",\"password_hash\":\"{HASH}\"}}]");
    assert_eq!(plain(&json).names(), ["ada"]);
}

#[test]
fn an_uncertain_encoding_is_an_error() {
    let text = format!("username,password_hash\nВладимир,{HASH}\nНаташа,{HASH}\nСергей,{HASH}\n");
    let (bytes, _, _) = encoding_rs::WINDOWS_1251.encode(&text);
    let error = error(&bytes, &[]);
    assert!(error.contains("--encoding windows-1251"), "{error}");
    let contents = read(&bytes, &[], Some("windows-1251")).unwrap();
    assert_eq!(contents.names(), ["Владимир", "Наташа", "Сергей"]);
    for (bytes, expected) in [
        (&b"PK\x03\x04 and more"[..], "a spreadsheet"),
        (b"\x1f\x8b and more", "compressed"),
        (b"", "is empty"),
        (b"\xff\xfeu\0s\0e\0\x00\xd8x\0", "is not valid UTF-16LE"),
    ] {
        let error = read(bytes, &[], None).err().unwrap();
        assert!(format!("{error:#}").contains(expected), "{error:#}");
    }
}

#[test]
fn the_output_of_postgres_mysql_and_powershell_is_read() {
    let id = "5f1dcad6-22a4-40e5-9cc6-4b06dcc0186c";
    let header = "id,username,email,password_hash,status,created_at\n";
    let postgres = format!(
        "{header}{id},Zoë,zoe@example.org,{HASH},t,2026-11-26 19:03:22.145222+00\n\
         555725ea-710b-4ece-9f61-029fd8425cdc,max,,,f,2026-11-26 19:03:22.145222+00\n"
    );
    let mysql = format!(
        "{header}{id},Zoë,zoe@example.org,{HASH},1,2026-11-26 19:03:22\n2,max,NULL,NULL,0,NULL\n"
    );
    let mysql = mysql.replace(',', "\t");
    let quoted = postgres.replace(',', "\",\"").replace('\n', "\"\r\n\"");
    let quoted = quoted.trim_end_matches('"');
    let powershell = format!("#TYPE System.Management.Automation.PSCustomObject\r\n\"{quoted}");
    for text in [&postgres, &mysql, &powershell] {
        let contents = plain(text);
        assert_eq!(contents.names(), ["Zoë", "max"], "{text}");
        assert_eq!(contents.warnings, [], "{text}");
        let [zoe, max] = contents.records.as_slice() else {
            panic!("expected two records: {text}");
        };
        let created = zoe.created_at.as_deref();
        assert_eq!(created, Some("2026-11-26T19:03:22Z"), "{text}");
        assert_eq!(zoe.status.as_deref(), Some("active"), "{text}");
        assert_eq!(max.status.as_deref(), Some("disabled"), "{text}");
        assert_eq!(max.email, None, "{text}");
        assert!(max.user(NOW).unwrap().password_hash.is_none(), "{text}");
    }
}
