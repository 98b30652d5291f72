//! Named ranges for NVIDIA's profilers (feature `nvtx`): each frame, each pass of it, each group of
//! ops, nested in that order in the domain `worldtape`.
//!
//! A pass is what the first word of a node's name says (`pass0`, `decoder`); a group is named after
//! its first node and its last, and is in its first node's pass. A frame's number is the payload of
//! its range: all frames have one name, by which a profiler sums them up, and none is spelled while
//! a frame runs. Names are registered when an engine is made. Where no profiler is attached, NVTX
//! calls nobody.
//!
//! Ranges tell what the host does. The CPU engine shows its groups. The CUDA engine shows its
//! launches where it queues them one by one ([`Settings::graph`] off, for the program
//! `WORLDTAPE_CUDA_GRAPH=off`): a graph is one call, and then the frame's own range is all there
//! is. Under an observer there are frames alone.
//!
//! Without the feature all types here have size 0 and all functions are empty.
//!
//! [`Settings::graph`]: super::cuda::Settings::graph

#[cfg(feature = "nvtx")]
pub(super) use named::Ranges;
#[cfg(not(feature = "nvtx"))]
pub(super) use silent::Ranges;

#[cfg(feature = "nvtx")]
mod named {
    use crate::program::Program;
    use nvtx::domain::{Domain, LocalRange, RegisteredString};
    use std::ffi::CString;
    use std::ops::Range;
    use std::sync::LazyLock;

    static DOMAIN: LazyLock<Domain> = LazyLock::new(|| Domain::new(c"worldtape"));

    type Name = RegisteredString<'static>;

    /// The names of one program's ranges.
    pub(in super::super) struct Ranges {
        frame: Name,
        groups: Vec<Group>,
    }

    #[derive(Clone, Copy)]
    struct Group {
        pass: Name,
        name: Name,
    }

    impl Ranges {
        /// Names a run of `program`, and its groups by the nodes in each.
        pub(in super::super) fn new(
            program: &Program,
            groups: impl Iterator<Item = Range<usize>>,
        ) -> Ranges {
            let group = |nodes: Range<usize>| {
                let first = &program.nodes[nodes.start].name;
                let last = &program.nodes[nodes.end - 1].name;
                let pass = first.split('.').next().unwrap_or(first);
                let name = if nodes.len() == 1 { first } else { &format!("{first} .. {last}") };
                Group { pass: register(pass), name: register(name) }
            };
            let frame = if program.outputs.is_some() { "frame" } else { "prompt frame" };
            Ranges { frame: register(frame), groups: groups.map(group).collect() }
        }

        /// Opens frame `number`, until what this returns is dropped.
        pub(in super::super) fn frame(&self, number: u64) -> FrameRange {
            let attributes = DOMAIN.event_attributes_builder();
            let attributes = attributes.message(self.frame).payload(number).build();
            FrameRange { group: None, pass: None, _frame: DOMAIN.local_range(attributes) }
        }
    }

    /// An open frame. Fields are dropped in this order: what was opened last is closed first.
    pub(in super::super) struct FrameRange {
        group: Option<LocalRange<'static>>,
        pass: Option<(Name, LocalRange<'static>)>,
        _frame: LocalRange<'static>,
    }

    impl FrameRange {
        /// Closes the group before and opens group `index`, in a pass of its own if it has another.
        pub(in super::super) fn group(&mut self, ranges: &Ranges, index: usize) {
            let Group { pass, name } = ranges.groups[index];
            self.group = None;
            if self.pass.as_ref().is_none_or(|(open, _)| *open != pass) {
                self.pass = None;
                self.pass = Some((pass, DOMAIN.local_range(pass)));
            }
            self.group = Some(DOMAIN.local_range(name));
        }

        /// Closes the last group and its pass: what follows is the frame's alone.
        pub(in super::super) fn end_groups(&mut self) {
            self.group = None;
            self.pass = None;
        }
    }

    /// A name as profilers take it. Worlds' programs name their nodes without NUL.
    fn register(name: &str) -> Name {
        let name = CString::new(name).expect("a name without NUL");
        DOMAIN.register_string(nvtx::Str::Ascii(name))
    }
}

#[cfg(not(feature = "nvtx"))]
mod silent {
    use crate::program::Program;
    use std::ops::Range;

    /// Nothing: the build has no ranges.
    pub(in super::super) struct Ranges;

    impl Ranges {
        /// Names nothing.
        #[inline(always)]
        pub(in super::super) fn new(
            _program: &Program,
            _groups: impl Iterator<Item = Range<usize>>,
        ) -> Ranges {
            Ranges
        }

        /// Opens nothing.
        #[inline(always)]
        pub(in super::super) fn frame(&self, _number: u64) -> FrameRange {
            FrameRange
        }
    }

    /// Nothing.
    pub(in super::super) struct FrameRange;

    impl FrameRange {
        /// Opens nothing.
        #[inline(always)]
        pub(in super::super) fn group(&mut self, _ranges: &Ranges, _index: usize) {}

        /// Closes nothing.
        #[inline(always)]
        pub(in super::super) fn end_groups(&mut self) {}
    }

    #[cfg(test)]
    mod tests {
        use super::{FrameRange, Ranges};

        #[test]
        fn without_the_feature_ranges_are_nothing_at_all() {
            assert_eq!((size_of::<Ranges>(), size_of::<[Ranges; 2]>()), (0, 0));
            assert_eq!((size_of::<FrameRange>(), align_of::<FrameRange>()), (0, 1));
            assert!(!std::mem::needs_drop::<Ranges>() && !std::mem::needs_drop::<FrameRange>());
        }
    }
}
