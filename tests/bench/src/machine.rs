//! The machine, in one line: without it a time says nothing.

use std::fs;

/// Returns the processor, the number of processors, the memory and the kernel.
pub(crate) fn describe() -> String {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let memory = field(&read("/proc/meminfo"), "MemTotal")
        .and_then(|size| size.split_whitespace().next()?.parse::<u64>().ok())
        .map_or(0, |kib| kib.div_ceil(1024 * 1024));
    let cpu = read("/proc/cpuinfo");
    // Not those that this process may use: it has moved to one of them.
    let processors = cpu
        .lines()
        .filter(|line| line.starts_with("processor"))
        .count();
    format!(
        "{}, {processors} processors, {memory} GB of memory, Linux {}",
        field(&cpu, "model name").unwrap_or(std::env::consts::ARCH),
        read("/proc/sys/kernel/osrelease").trim(),
    )
}

/// Returns the first field of this name in a file of `name: value`.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        (found.trim() == name).then_some(value.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_processor_is_named() {
        let text = "processor\t: 0\nmodel name\t: Fast One\nmodel name\t: Other\n";
        assert_eq!(field(text, "model name"), Some("Fast One"));
        assert_eq!(field(text, "model"), None);
        assert!(describe().contains(" processors, "));
    }
}
