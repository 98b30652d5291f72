//! Which setting decides whether a tape drifts: every way to run an engine, one at a time.

use serde::Serialize;
use std::collections::BTreeMap;

/// One way to run an engine and what it came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Way {
    /// What reports call it.
    pub name: String,
    /// Settings and their values.
    pub settings: Vec<(String, String)>,
    /// First frame that is not the tape's.
    pub first_drift: Option<u64>,
}

/// A setting by which the ways that drift can be told from those that do not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Deciding {
    /// The setting.
    pub setting: String,
    /// Values with which every way drifts.
    pub drifting: Vec<String>,
    /// Values with which none does.
    pub same: Vec<String>,
}

/// The settings that decide: of each value either all ways drift or none, and there are both.
pub fn deciding(ways: &[Way]) -> Vec<Deciding> {
    let names = ways.first().map_or(&[][..], |way| &way.settings);
    names.iter().filter_map(|(setting, _)| decides(setting, ways)).collect()
}

/// A way that drifts and one that does not, with the fewest settings between them; of those, the
/// ones that come first. `None` where all drift or none does.
pub fn closest(ways: &[Way]) -> Option<[usize; 2]> {
    let places = |drifts: bool| {
        (0..ways.len()).filter(move |&place| ways[place].first_drift.is_some() == drifts)
    };
    let pairs = places(true).flat_map(|one| places(false).map(move |other| [one, other]));
    pairs.min_by_key(|pair| {
        let [one, other] = pair.map(|place| ways[place].settings.iter());
        one.zip(other).filter(|(one, other)| one != other).count()
    })
}

fn decides(setting: &str, ways: &[Way]) -> Option<Deciding> {
    let mut values: BTreeMap<&str, [usize; 2]> = BTreeMap::new();
    for way in ways {
        let (_, value) = way.settings.iter().find(|(name, _)| name == setting)?;
        values.entry(value).or_default()[usize::from(way.first_drift.is_some())] += 1;
    }
    let with = |counts: [bool; 2]| {
        let those = values.iter().filter(|(_, found)| found.map(|count| count > 0) == counts);
        those.map(|(value, _)| (*value).to_owned()).collect::<Vec<String>>()
    };
    let (drifting, same) = (with([false, true]), with([true, false]));
    let is_deciding =
        !drifting.is_empty() && !same.is_empty() && drifting.len() + same.len() == values.len();
    is_deciding.then(|| Deciding { setting: setting.to_owned(), drifting, same })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ways(drifts: impl Fn(&str, u32) -> bool) -> Vec<Way> {
        let all = ["avx512", "avx2"].into_iter().flat_map(|isa| [1, 2, 7].map(|n| (isa, n)));
        let way = |(isa, threads): (&str, u32)| Way {
            name: format!("{isa} on {threads}"),
            settings: vec![
                ("instruction set".to_owned(), isa.to_owned()),
                ("threads".to_owned(), threads.to_string()),
            ],
            first_drift: drifts(isa, threads).then_some(3),
        };
        all.map(way).collect()
    }

    #[test]
    fn the_setting_that_tells_drift_from_none_is_named_with_its_values() {
        let found = deciding(&ways(|isa, _| isa == "avx512"));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].setting, "instruction set");
        assert_eq!(
            (&*found[0].drifting, &*found[0].same),
            (&["avx512".to_owned()][..], &["avx2".to_owned()][..])
        );
        let found = deciding(&ways(|_, threads| threads > 1));
        assert_eq!((&*found[0].setting, found[0].drifting.len()), ("threads", 2));
    }

    #[test]
    fn where_two_settings_must_meet_neither_decides_alone() {
        assert_eq!(deciding(&ways(|isa, threads| isa == "avx512" && threads == 7)), []);
        assert_eq!(deciding(&ways(|_, _| false)), []);
        assert_eq!(deciding(&ways(|_, _| true)), []);
        assert_eq!(deciding(&[]), []);
    }

    #[test]
    fn the_ways_that_are_held_against_each_other_differ_in_as_little_as_can_be() {
        // Drifting: avx512 on 2 and 7; nearest to the first of those is avx512 on 1.
        assert_eq!(closest(&ways(|isa, n| isa == "avx512" && n > 1)), Some([1, 0]));
        // Of one instruction set: the other on as many threads.
        assert_eq!(closest(&ways(|isa, _| isa == "avx2")), Some([3, 0]));
        assert_eq!(closest(&ways(|_, _| true)), None);
        assert_eq!(closest(&ways(|_, _| false)), None);
    }
}
