//! A terminal on loan: taken in one step, given back on every way out, a panic included.

use super::Output;
use super::graphics::KITTY_IDS;
use ratatui::crossterm::event::{
    DisableFocusChange, EnableFocusChange, KeyboardEnhancementFlags, PopKeyboardEnhancementFlags,
    PushKeyboardEnhancementFlags,
};
use ratatui::crossterm::style::ResetColor;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::crossterm::{Command, cursor};
use std::io::{self, Write};
use std::panic;

/// What is asked of the terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Modes {
    /// Keys come as they are typed, unseen and uninterpreted.
    pub raw: bool,
    /// Releases are told: only for a terminal that said it can.
    pub releases: bool,
    /// Pictures lie in the terminal's memory that are to be taken out of it.
    pub pictures: bool,
}

/// Holds the terminal; dropping it gives the terminal back.
pub struct Lease<W: Write + Send + 'static> {
    output: Output<W>,
    modes: Modes,
}

impl<W: Write + Send + 'static> Lease<W> {
    /// Takes the terminal.
    ///
    /// # Errors
    /// Where the terminal refuses; it is then as it was.
    pub fn take(output: Output<W>, modes: Modes) -> io::Result<Lease<W>> {
        let lease = Lease { output, modes };
        // From here on dropping the lease undoes whatever has been done.
        if modes.raw {
            enable_raw_mode()?;
        }
        lease.output.open(greeting(modes).as_bytes(), farewell(modes).into_bytes())?;
        Ok(lease)
    }

    /// The writer to draw with.
    pub fn output(&self) -> Output<W> {
        self.output.clone()
    }

    /// From now on a panic in any thread gives the terminal back before it is reported.
    pub fn restore_on_panic(&self) {
        let restore = self.restorer();
        let report = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            restore();
            report(panic);
        }));
    }

    /// Gives the terminal back from any thread; later calls and the drop do nothing.
    pub fn restorer(&self) -> impl Fn() + Send + Sync + use<W> {
        let (output, modes) = (self.output.clone(), self.modes);
        move || give_back(&output, modes)
    }
}

impl<W: Write + Send + 'static> Drop for Lease<W> {
    fn drop(&mut self) {
        give_back(&self.output, self.modes);
        if self.modes.raw {
            // Also where it was never opened: raw mode comes first.
            let _ = disable_raw_mode();
        }
    }
}

fn give_back<W: Write>(output: &Output<W>, modes: Modes) {
    if output.close() && modes.raw {
        // Where the terminal is gone it keeps no mode.
        let _ = disable_raw_mode();
    }
}

fn greeting(modes: Modes) -> String {
    let mut text = String::new();
    push(&mut text, EnterAlternateScreen);
    push(&mut text, cursor::Hide);
    push(&mut text, EnableFocusChange);
    if modes.releases {
        // The flags belong to the screen that is shown: first the other screen, then the flags.
        push(
            &mut text,
            PushKeyboardEnhancementFlags(
                KeyboardEnhancementFlags::DISAMBIGUATE_ESCAPE_CODES
                    | KeyboardEnhancementFlags::REPORT_EVENT_TYPES
                    | KeyboardEnhancementFlags::REPORT_ALL_KEYS_AS_ESCAPE_CODES,
            ),
        );
    }
    text
}

/// What a terminal is given back with.
pub(super) fn farewell(modes: Modes) -> String {
    let mut text = String::new();
    if modes.releases {
        push(&mut text, PopKeyboardEnhancementFlags);
    }
    if modes.pictures {
        for id in KITTY_IDS {
            text.push_str(&format!("\x1b_Ga=d,d=I,i={id},q=2\x1b\\"));
        }
    }
    push(&mut text, DisableFocusChange);
    push(&mut text, ResetColor);
    push(&mut text, cursor::Show);
    push(&mut text, LeaveAlternateScreen);
    text
}

fn push(text: &mut String, command: impl Command) {
    command.write_ansi(text).expect("a String takes everything");
}

#[cfg(test)]
mod tests {
    use super::super::output::tests::Tray;
    use super::*;

    const MODES: Modes = Modes { raw: false, releases: true, pictures: false };
    const TAKEN: &str = "\x1b[?1049h\x1b[?25l\x1b[?1004h\x1b[>11u";
    const GIVEN_BACK: &str = "\x1b[<1u\x1b[?1004l\x1b[0m\x1b[?25h\x1b[?1049l";

    fn text(tray: &Tray) -> String {
        String::from_utf8(tray.bytes()).expect("UTF-8")
    }

    #[test]
    fn a_dropped_lease_gives_the_terminal_back() {
        let tray = Tray::default();
        let lease = Lease::take(Output::new(tray.clone()), MODES).expect("taken");
        assert_eq!(text(&tray), TAKEN);
        drop(lease);
        assert_eq!(text(&tray), format!("{TAKEN}{GIVEN_BACK}"));
    }

    #[test]
    fn a_panic_in_another_thread_gives_it_back_at_once_and_stops_the_drawing() {
        let tray = Tray::default();
        let lease = Lease::take(Output::new(tray.clone()), MODES).expect("taken");
        lease.restore_on_panic();
        let thread = std::thread::spawn(|| panic!("planted"));
        assert!(thread.join().is_err());
        assert_eq!(text(&tray), format!("{TAKEN}{GIVEN_BACK}"));
        let mut output = lease.output();
        output.write_all(b"a late picture").expect("gathered");
        output.flush().expect("dropped");
        drop(lease);
        assert_eq!(text(&tray), format!("{TAKEN}{GIVEN_BACK}"));
    }

    #[test]
    fn a_restorer_gives_it_back_once() {
        let tray = Tray::default();
        let modes = Modes::default();
        let lease = Lease::take(Output::new(tray.clone()), modes).expect("taken");
        let restore = lease.restorer();
        restore();
        restore();
        drop(lease);
        assert_eq!(text(&tray).matches("\x1b[?1049l").count(), 1);
        assert!(!text(&tray).contains("u"), "no keyboard flags where they were not asked for");
    }

    struct Gone;

    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_terminal_that_is_gone_is_an_error_not_a_panic() {
        assert!(Lease::take(Output::new(Gone), MODES).is_err());
    }
}
