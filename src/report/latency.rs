//! How long frames took by the tape's own clock: over time, and how often each length came.

use super::Report;
use super::chart::rectangle;
use super::selected::milliseconds;
use super::text::{Text, counted, grouped};
use crate::measure::{Samples, Summary};
use crate::session::Tape;
use std::fmt::Write;

/// Most columns over time: frames beyond that share one, drawn from its shortest to its longest.
const COLUMNS_MAX: usize = 500;

/// Bars of a histogram; above the highest is room for the words of three lines.
const BARS: usize = 60;

/// Height of a plot in its own units.
const HEIGHT: usize = 1000;

/// Times beyond so many p99 are cut off and said in words, or one hiccup would flatten the rest.
const OUTLIER: u64 = 4;

/// Longest time that is told apart, 71 minutes: what a tape says may be longer than anything real.
const TIME_US_MAX: u64 = u32::MAX as u64;

/// One length a frame, and what they come to.
struct Plot {
    /// What is measured.
    title: &'static str,
    values_us: Vec<u64>,
    /// Longest that is drawn.
    top_us: u64,
    /// What a frame may take at the world's rate.
    period_us: u64,
    summary: Summary,
}

/// The section's content.
pub(super) fn latency(report: &Report<'_>) -> String {
    let tapes = [Some(&report.tape), report.other.as_ref()].into_iter().flatten();
    let is_one_of_two = report.other.is_some();
    let parts = tapes.map(|recorded| {
        let name = format!("<h3><bdi>{}</bdi></h3>\n", Text(&recorded.name));
        let name = if is_one_of_two { name.as_str() } else { "" };
        let plots: String = plots(recorded.tape).iter().map(Plot::html).collect();
        let none = "<p>Fewer than two frames: there is nothing to plot.</p>\n".to_owned();
        let plots = if plots.is_empty() { none } else { plots };
        format!("{name}<div class=\"plots\">{plots}</div>\n")
    });
    parts.collect()
}

/// What the tape's times tell.
fn plots(tape: &Tape) -> Vec<Plot> {
    let frames = tape.outcomes.len();
    if frames < 2 {
        return Vec::new();
    }
    let rate = u64::from(tape.config.frames_per_second_milli.max(1));
    let period_us = 1_000_000_000 / rate;
    let starts = &tape.action_us[..frames];
    let intervals = starts.windows(2).map(|pair| pair[1].saturating_sub(pair[0]));
    let waits = starts.iter().zip(&tape.outcome_us).map(|(start, end)| end.saturating_sub(*start));
    vec![
        Plot::new("From one action to the next", intervals.collect(), period_us),
        Plot::new("From the action to its frame", waits.collect(), period_us),
    ]
}

impl Plot {
    fn new(title: &'static str, mut values_us: Vec<u64>, period_us: u64) -> Plot {
        values_us.iter_mut().for_each(|us| *us = (*us).min(TIME_US_MAX));
        // Samples count in nanoseconds.
        let samples: Samples = values_us.iter().map(|us| us * 1000).collect();
        let summary = samples.summary();
        let longest_us = (summary.max_ns / 1000).min(summary.p99_ns / 1000 * OUTLIER);
        let top_us = (longest_us.max(period_us) * 21 / 20).max(1);
        Plot { title, values_us, top_us, period_us, summary }
    }

    fn html(&self) -> String {
        format!(
            "<figure class=\"plot\"><figcaption><b>{}</b><br>{}</figcaption>\n\
                <div class=\"over-time\">{}</div>\n<div class=\"histogram\">{}</div></figure>\n",
            self.title,
            self.words(),
            self.over_time(),
            self.histogram()
        )
    }

    /// The plot in words.
    fn words(&self) -> String {
        let Summary { p50_ns, p99_ns, max_ns, .. } = self.summary;
        let late = self.values_us.iter().filter(|us| **us > self.period_us).count() as u64;
        let cut = self.values_us.iter().filter(|us| **us > self.top_us).count() as u64;
        let cut = match cut {
            0 => String::new(),
            cut => format!("; {} beyond the plots", counted(cut, "time")),
        };
        format!(
            "p50 {}, p99 {}, longest {}; {} of {} over {}{cut}",
            milliseconds(p50_ns / 1000),
            milliseconds(p99_ns / 1000),
            milliseconds(max_ns / 1000),
            grouped(late),
            grouped(self.values_us.len() as u64),
            milliseconds(self.period_us)
        )
    }

    /// Height of a time from above, in units.
    fn y(&self, us: u64) -> usize {
        HEIGHT - (us.min(self.top_us) * HEIGHT as u64 / self.top_us) as usize
    }

    /// Place of a time from the left or from below, in thousandths.
    fn share(&self, us: u64) -> u64 {
        us.min(self.top_us) * 1000 / self.top_us
    }

    /// From the shortest to the longest of each column, and a line through their middles.
    fn over_time(&self) -> String {
        let columns = self.values_us.len().min(COLUMNS_MAX);
        let part = |column: usize| column * self.values_us.len() / columns;
        let (mut band, mut line) = (String::new(), String::new());
        for column in 0..columns {
            let mut values = self.values_us[part(column)..part(column + 1)].to_vec();
            values.sort_unstable();
            let (high, low) = (self.y(values[values.len() - 1]), self.y(values[0]));
            rectangle(&mut band, column..column + 1, high..(low + 8).min(HEIGHT));
            let middle = self.y(values[(values.len() - 1) / 2]);
            // Writing to a String never fails.
            let _ = write!(line, "{}{column} {middle}h1", if column == 0 { 'M' } else { 'L' });
        }
        // The word of the line stands on the side where most frames are not.
        let is_below = self.summary.p50_ns / 1000 > self.period_us;
        let from_above = 1000 - self.share(self.period_us);
        let drawn = format!(
            "<path class=\"band\" d=\"{band}\"/><path class=\"line\" d=\"{line}\" \
                vector-effect=\"non-scaling-stroke\"/>"
        );
        self.svg(
            columns,
            &drawn,
            &[Guide::across(from_above, milliseconds(self.period_us), is_below)],
        )
    }

    /// How often each length came.
    fn histogram(&self) -> String {
        let mut counts = [0_u64; BARS];
        for us in self.values_us.iter().filter(|us| **us <= self.top_us) {
            counts[((us * BARS as u64 / self.top_us) as usize).min(BARS - 1)] += 1;
        }
        let most = counts.iter().max().copied().unwrap_or(0).max(1);
        let mut bars = String::new();
        for (bar, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            // A bar of one is still seen.
            let height = ((count * HEIGHT as u64 * 62 / 100 / most) as usize).max(12);
            rectangle(&mut bars, 4 * bar..4 * bar + 3, HEIGHT - height..HEIGHT);
        }
        let Summary { p50_ns, p99_ns, .. } = self.summary;
        let guide = |us, word: &str, row| Guide::down(self.share(us), word.to_owned(), row);
        let guides = [
            guide(p50_ns / 1000, "p50", 0),
            guide(p99_ns / 1000, "p99", 1),
            guide(self.period_us, &milliseconds(self.period_us), 2),
        ];
        let drawn = format!("<path class=\"bars\" d=\"{bars}\"/>");
        let axis = format!(
            "<div class=\"ticks\"><span>0 ms</span><span>{}</span></div>",
            milliseconds(self.top_us)
        );
        self.svg(4 * BARS, &drawn, &guides) + &axis
    }

    fn svg(&self, width: usize, drawn: &str, guides: &[Guide]) -> String {
        let guides: String = guides.iter().map(|guide| guide.svg.as_str()).collect();
        format!(
            "<svg class=\"chart\" role=\"img\" aria-label=\"{}: {}\">\
                <svg viewBox=\"0 0 {width} {HEIGHT}\" preserveAspectRatio=\"none\" width=\"100%\" \
                height=\"100%\">{drawn}</svg>{guides}</svg>",
            self.title,
            self.words()
        )
    }
}

/// A line at a time, with its word; not stretched with the plot.
struct Guide {
    svg: String,
}

impl Guide {
    /// A level line `permille` from above.
    fn across(permille: u64, word: String, is_below: bool) -> Guide {
        let at = percent(permille);
        // Within the plot, whatever is asked for.
        let is_below = (is_below || permille < 120) && permille < 880;
        let dy = if is_below { 14 } else { -5 };
        Guide {
            svg: format!(
                "<line class=\"guide\" x1=\"0\" x2=\"100%\" y1=\"{at}\" y2=\"{at}\"/>\
                    <text x=\"4\" y=\"{at}\" dy=\"{dy}\">{word}</text>"
            ),
        }
    }

    /// An upright line `permille` from the left, its word in the row of that number.
    fn down(permille: u64, word: String, row: usize) -> Guide {
        let (at, y) = (percent(permille), 13 + 14 * row);
        let (anchor, dx) = if permille > 600 { ("end", -4) } else { ("start", 4) };
        Guide {
            svg: format!(
                "<line class=\"guide\" y1=\"0\" y2=\"100%\" x1=\"{at}\" x2=\"{at}\"/>\
                    <text x=\"{at}\" y=\"{y}\" dx=\"{dx}\" text-anchor=\"{anchor}\">{word}</text>"
            ),
        }
    }
}

fn percent(permille: u64) -> String {
    format!("{}.{}%", permille / 10, permille % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_hiccup_is_said_and_does_not_flatten_the_rest() {
        let mut values = vec![28_000; 1000];
        values[500] = 9_000_000;
        let plot = Plot::new("t", values, 28_571);
        assert_eq!(plot.top_us, 28_000 * OUTLIER * 21 / 20);
        let words = "p50 28.00 ms, p99 28.00 ms, longest 9,000.00 ms; 1 of 1,000 over 28.57 ms; \
            1 time beyond the plots";
        assert_eq!(plot.words(), words);
    }

    #[test]
    fn times_of_nothing_are_drawn() {
        for values in [vec![0; 3], vec![u64::MAX; 3]] {
            let plot = Plot::new("t", values, 28_571);
            assert!(plot.html().contains("class=\"bars\" d=\"M"), "{}", plot.html());
        }
    }

    #[test]
    fn the_longest_time_is_at_the_top_and_none_at_the_bottom() {
        let plot = Plot::new("t", vec![100, 200], 10);
        assert_eq!((plot.y(plot.top_us), plot.y(0)), (0, HEIGHT));
        assert!(plot.y(200) < plot.y(100));
    }
}
