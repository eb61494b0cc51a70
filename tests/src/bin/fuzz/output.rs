//! What libFuzzer prints.

use std::fmt;

/// What a run did.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Output {
    pub(crate) executions: u64,
    /// In each second.
    pub(crate) rate: u64,
    /// In MiB, at most.
    pub(crate) memory: u64,
    pub(crate) crashed: bool,
    /// Whether what follows is about a crash.
    in_report: bool,
}

impl Output {
    /// Reads a line, and returns whether whoever looks for a crash needs it.
    pub(crate) fn read(&mut self, line: &str) -> bool {
        let figure = |name: &str| {
            let rest = line.strip_prefix("stat::")?.strip_prefix(name)?;
            rest.strip_prefix(':')?.trim().parse::<u64>().ok()
        };
        if let Some(executions) = figure("number_of_executed_units") {
            self.executions = executions;
        } else if let Some(rate) = figure("average_exec_per_sec") {
            self.rate = rate;
        } else if let Some(memory) = figure("peak_rss_mb") {
            self.memory = memory;
        }
        self.in_report |= line.contains("panicked at") || line.starts_with("==");
        self.in_report && !line.starts_with('#') && !line.starts_with("stat::")
    }
}

impl fmt::Display for Output {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let result = if self.crashed { "CRASHED" } else { "passed" };
        let (executions, rate, memory) = (self.executions, self.rate, self.memory);
        write!(
            formatter,
            "{result}: {executions} executions, {rate}/s, {memory} MiB"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figures_are_read_and_a_crash_is_shown() {
        let mut output = Output::default();
        for line in [
            "INFO: Running with entropic power schedule (0xFF, 100).",
            "#1048576\tpulse  cov: 903 ft: 2110 corp: 206/5319b lim: 110 exec/s: 174762 rss: 47Mb",
            "stat::number_of_executed_units: 9021",
            "stat::average_exec_per_sec:     820",
            "stat::peak_rss_mb:              88",
        ] {
            assert!(!output.read(line), "{line}");
        }
        assert_eq!(
            (output.executions, output.rate, output.memory),
            (9021, 820, 88)
        );
        assert!(output.read("thread '<unnamed>' panicked at src/users.rs:30:9:"));
        assert!(output.read("a user is lost"));
    }
}
