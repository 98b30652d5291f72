//! What may be typed after `export` and `completions`.

use super::Machinery;
use crate::export::{CAST_SIDE_MAX, SCALE_MAX};
use clap::{Args, ValueEnum, value_parser};
use std::path::PathBuf;

/// `worldtape export`.
#[derive(Args, Clone, Debug)]
pub struct Export {
    /// The tape.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The file to write; never one that exists. - is stdout.
    #[arg(short, long, value_name = "OUT|-")]
    pub output: PathBuf,
    /// What to write; without it, what the name of OUT ends in.
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<ExportFormat>,
    /// Show frames A to B - 1; without A from the first, without B to the last.
    #[arg(long, value_name = "A..B", value_parser = FrameRange::parse)]
    pub frames: Option<FrameRange>,
    /// Show every Nth of them.
    #[arg(long, value_name = "N", default_value_t = 1)]
    #[arg(value_parser = value_parser!(u32).range(1..=100_000))]
    pub every: u32,
    /// Each pixel as a square of N (gif, png, y4m; 1 without it).
    #[arg(long, value_name = "N")]
    #[arg(value_parser = value_parser!(u32).range(1..=i64::from(SCALE_MAX)))]
    pub scale: Option<u32>,
    /// Pictures in a row of a png (8 without it); columns of a cast (those of the picture, at most
    /// 80, without it).
    #[arg(long, value_name = "N")]
    #[arg(value_parser = value_parser!(u16).range(1..=i64::from(CAST_SIDE_MAX)))]
    pub columns: Option<u16>,
    /// Frames a second, such as 35 or 17.5; without it, the tape's (gif, y4m, cast).
    #[arg(long, value_name = "R", value_parser = rate_milli, conflicts_with = "times")]
    pub rate: Option<u32>,
    /// When frames are shown: at a steady rate, or when they were made on the tape (cast).
    #[arg(long, value_name = "BY")]
    pub times: Option<Times>,
    /// Print the result as one JSON object.
    #[arg(long)]
    pub json: bool,
    /// Which world and engine.
    #[command(flatten)]
    pub machinery: Machinery,
}

/// What can be exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// A moving picture of 256 colours a frame.
    Gif,
    /// A sheet of pictures, exact, with their frame numbers.
    Png,
    /// Video as ffmpeg reads it from a pipe.
    Y4m,
    /// asciicast v3: the play in a terminal.
    Cast,
}

/// By what the times of a cast go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Times {
    /// The frame rate.
    Rate,
    /// The times on the tape.
    Tape,
}

/// Frames `first..end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameRange {
    /// First frame.
    pub first: u64,
    /// The frame after the last; `None` is the end of the tape.
    pub end: Option<u64>,
}

impl FrameRange {
    /// Reads `A..B`, `A..` or `..B`.
    fn parse(text: &str) -> Result<FrameRange, String> {
        let wrong = || "it is A..B, such as 0..100: frames 0 to 99".to_owned();
        let (first, end) = text.split_once("..").ok_or_else(wrong)?;
        let number = |text: &str, missing| match text {
            "" => Ok(missing),
            digits => digits.parse().map(Some).map_err(|_| wrong()),
        };
        let range =
            FrameRange { first: number(first, Some(0))?.unwrap_or(0), end: number(end, None)? };
        match range.end {
            Some(end) if end <= range.first => Err(format!("there is no frame in {text}")),
            _ => Ok(range),
        }
    }
}

/// Thousandths of frames a second, from a decimal number.
fn rate_milli(text: &str) -> Result<u32, String> {
    let wrong = || "it is 0.001 to 1000, with up to three decimals".to_owned();
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(decimals) || decimals.len() > 3 {
        return Err(wrong());
    }
    let milli = format!("{whole}{decimals:0<3}").parse::<u32>().map_err(|_| wrong())?;
    if (1..=1_000_000).contains(&milli) { Ok(milli) } else { Err(wrong()) }
}

/// `worldtape completions`.
#[derive(Args, Clone, Debug)]
pub struct Completions {
    /// The shell.
    #[arg(value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_have_a_first_frame_and_maybe_an_end() {
        let range = |first, end| Ok(FrameRange { first, end });
        assert_eq!(FrameRange::parse("3..10"), range(3, Some(10)));
        assert_eq!(FrameRange::parse("3.."), range(3, None));
        assert_eq!(FrameRange::parse("..10"), range(0, Some(10)));
        assert_eq!(FrameRange::parse(".."), range(0, None));
        for text in ["", "3", "3-10", "a..b", "-1..3", "3..=4", "10..3", "3..3", "..0", "1..2..3"] {
            assert!(FrameRange::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn rates_are_decimal_numbers() {
        assert_eq!(rate_milli("35"), Ok(35_000));
        assert_eq!(rate_milli("17.5"), Ok(17_500));
        assert_eq!(rate_milli("29.97"), Ok(29_970));
        assert_eq!(rate_milli("0.001"), Ok(1));
        for text in ["", "0", "0.0", ".5", "1001", "1.2345", "-3", "1e3", "nan", "35fps"] {
            assert!(rate_milli(text).is_err(), "{text}");
        }
    }
}
