//! What Linux says of this process: the texts of /proc become numbers; who reads them is `cmd`.

/// Processor time in clock ticks: what the whole machine spent busy, and what this process spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcessorTime {
    /// All processors, all processes, the hypervisor's share included.
    pub machine_ticks: u64,
    /// This process.
    pub own_ticks: u64,
}

/// Clock ticks in a second, as Linux tells them to every process.
const TICKS_PER_SECOND: f64 = 100.0;

/// The most memory that a process had at once, from the text of /proc/self/status.
pub fn memory_bytes_max(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// Processor time so far, from the texts of /proc/stat and /proc/self/stat.
pub fn processor_time(machine: &str, own: &str) -> Option<ProcessorTime> {
    let line = machine.lines().next()?.strip_prefix("cpu ")?;
    let ticks: Vec<u64> = line.split_whitespace().map_while(|word| word.parse().ok()).collect();
    // user, nice, system, idle, waiting, interrupts (two kinds), stolen by the hypervisor.
    let [user, nice, system, _, _, hard, soft, stolen] = *ticks.first_chunk::<8>()?;
    // The program's name is in brackets and may hold anything; field 3 follows it.
    let fields = own.rsplit_once(')')?.1.split_whitespace();
    let times: Vec<u64> = fields.skip(11).take(2).filter_map(|word| word.parse().ok()).collect();
    let [own_user, own_system] = *times.first_chunk::<2>()?;
    let machine_ticks = user + nice + system + hard + soft + stolen;
    Some(ProcessorTime { machine_ticks, own_ticks: own_user + own_system })
}

/// How many processors others kept busy on average over `seconds` between two readings.
pub fn other_load(before: ProcessorTime, after: ProcessorTime, seconds: f64) -> f64 {
    let machine = after.machine_ticks.saturating_sub(before.machine_ticks);
    let own = after.own_ticks.saturating_sub(before.own_ticks);
    machine.saturating_sub(own) as f64 / TICKS_PER_SECOND / seconds.max(1e-9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_texts_of_proc_become_numbers() {
        let status = "Name:\tworldtape\nVmPeak:\t  9 kB\nVmHWM:\t   1234 kB\n";
        assert_eq!(memory_bytes_max(status), Some(1234 * 1024));
        assert_eq!(memory_bytes_max("Name:\tworldtape\n"), None);
        let machine = "cpu  100 20 30 4000 50 6 7 8 0 0\ncpu0 1 2 3\n";
        let own = "42 (a) b) R 1 2 3 4 5 6 7 8 9 10 33 44 0 0";
        let found = processor_time(machine, own);
        assert_eq!(found, Some(ProcessorTime { machine_ticks: 171, own_ticks: 77 }));
        assert_eq!(processor_time("cpu 1 2", own), None);
    }

    #[test]
    fn the_load_of_others_is_what_the_machine_did_and_we_did_not() {
        let before = ProcessorTime { machine_ticks: 1000, own_ticks: 100 };
        let after = ProcessorTime { machine_ticks: 1300, own_ticks: 300 };
        assert_eq!(other_load(before, after, 2.0), 0.5);
    }
}
