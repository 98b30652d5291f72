//! The screen of one play: the terminal on loan, a thread that draws and one that reads keys.

use super::draw::View;
use super::keys::{self, Told};
use super::menu::{Chosen, Menu, MenuView};
use super::slot::{News, Scene};
use super::{Drawn, Facts, Latest, Shot, Shown, Slot};
use crate::clock::{Clock, KEYS_END};
use crate::input::{Commands, Controls};
use crate::screen::lease::farewell;
use crate::screen::threads::{ended, spawn};
use crate::screen::{Answers, Canvas, Lease, Look, Modes, Output, Recent, ScreenError};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use std::io::{self, Stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread::JoinHandle;

/// Most drawings of which the times are kept: two hours at 35 a second.
const SHOTS_MAX: usize = 252_000;

/// A drawing that took longer to make than this is followed by a rest of [`REST`] times that: the
/// engine needs the processors too.
const COSTLY_US: u64 = 4_000;
const REST: u64 = 2;
/// What a longer one is taken for.
const RESTED_US_MAX: u64 = 100_000;

/// What a screen is opened with.
#[derive(Clone)]
pub struct Setup {
    /// What cells the terminal shows.
    pub look: Look,
    /// What it answered when asked.
    pub answers: Answers,
    /// How it shows pictures, where it has graphics of its own.
    pub canvas: Option<Canvas>,
    /// Is it wanted when every picture was drawn?
    pub wants_shots: bool,
    /// The program's own keys.
    pub commands: Commands,
    /// Who is told of keys.
    pub controls: Controls,
    /// The clock of all times on this screen.
    pub clock: Arc<dyn Clock>,
}

impl Setup {
    /// What gives the terminal back, for whoever outlives this process.
    pub fn farewell(&self) -> String {
        farewell(self.modes())
    }

    fn modes(&self) -> Modes {
        let pictures = self.canvas.as_ref().is_some_and(Canvas::takes_text);
        Modes { raw: true, releases: self.answers.releases, pictures }
    }
}

/// An open screen. Dropping it gives the terminal back and ends its threads.
pub struct Stage {
    lease: Lease<Stdout>,
    slot: Arc<Slot>,
    controls: Controls,
    clock: Arc<dyn Clock>,
    stop: Arc<AtomicBool>,
    drawer: Option<JoinHandle<io::Result<Drawn>>>,
    reader: Option<Reader>,
}

/// The thread that reads keys, and what falls silent when it ends.
struct Reader {
    thread: JoinHandle<io::Result<()>>,
    ended: Receiver<()>,
}

impl Stage {
    /// Takes the terminal of standard output.
    ///
    /// # Errors
    /// [`ScreenError`]; the terminal is then as it was.
    pub fn open(setup: Setup) -> Result<Stage, ScreenError> {
        let output = Output::timed(io::stdout(), Arc::clone(&setup.clock));
        let backend = CrosstermBackend::new(output.clone());
        let terminal = Terminal::new(backend).map_err(ScreenError::Take)?;
        let lease = Lease::take(output.clone(), setup.modes()).map_err(ScreenError::Take)?;
        lease.restore_on_panic();
        let (slot, stop) = (Arc::new(Slot::default()), Arc::new(AtomicBool::new(false)));
        let (controls, clock) = (setup.controls.clone(), Arc::clone(&setup.clock));
        let mut stage = Stage { lease, slot, controls, clock, stop, drawer: None, reader: None };
        let (slot, stop) = (Arc::clone(&stage.slot), Arc::clone(&stage.stop));
        let mut drawer = Drawer { setup: setup.clone(), terminal, output, slot };
        stage.drawer = Some(spawn("pictures", move || drawer.draw())?);
        let slot = Arc::clone(&stage.slot);
        let (alive, ended) = sync_channel(0);
        let read = move || {
            let _alive = alive;
            let Setup { controls, commands, clock, .. } = &setup;
            let told = Told { controls, commands, slot: &slot, clock: clock.as_ref() };
            keys::read(&told, &setup.answers.typed, &stop)
        };
        stage.reader = Some(Reader { thread: spawn("keys", read)?, ended });
        Ok(stage)
    }

    /// Shows a menu.
    pub fn open_menu(&self, menu: Menu) {
        self.slot.open_menu(menu);
    }

    /// Puts the picture of a prompt into the menu: RGB u8 rows.
    pub fn put_thumbnail(&self, prompt: usize, pixels: &[u8]) {
        self.slot.with_menu(|menu| menu.put(prompt, pixels));
    }

    /// What the player chose in the menu; where nothing yet, a little later if `waits`.
    pub fn choice(&self, waits: bool) -> Option<Chosen> {
        let left = self.controls.is_quitting().then_some(Chosen::Leave);
        left.or_else(|| self.slot.choice(waits))
    }

    /// A session begins: what is said of it, and a sink that shows its frames here. Its clock
    /// shows 0 when the screen's shows `base_us`.
    pub fn begin(&self, facts: Facts, base_us: u64) -> Latest {
        let session = self.slot.begin(facts);
        self.slot.redraw();
        Latest::new(Arc::clone(&self.slot), self.controls.clone(), session, base_us)
    }

    /// The clock of all times on this screen.
    pub fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    /// Gives the terminal back at once, from any thread.
    pub fn restorer(&self) -> impl Fn() + Send + Sync + use<> {
        self.lease.restorer()
    }

    /// Draws what is left and gives the terminal back.
    ///
    /// # Errors
    /// What ended the screen early.
    pub fn close(mut self) -> Result<Drawn, ScreenError> {
        let (drawn, read) = self.end();
        drop(self);
        read?;
        drawn
    }

    /// Ends both threads; says how much was drawn and how reading went.
    fn end(&mut self) -> (Result<Drawn, ScreenError>, Result<(), ScreenError>) {
        self.stop.store(true, Ordering::Release);
        self.slot.close();
        // crossterm never comes back from a terminal that went away: then nobody waits for it.
        let reader = self
            .reader
            .take()
            .filter(|reader| reader.ended.recv_timeout(KEYS_END) != Err(RecvTimeoutError::Timeout));
        let reader = reader.map(|reader| reader.thread);
        (ended("pictures", self.drawer.take()), ended("keys", reader))
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // Only errors of a play that already failed get lost here.
        let _ = self.end();
    }
}

/// The thread that draws.
struct Drawer {
    setup: Setup,
    terminal: Terminal<CrosstermBackend<Output<Stdout>>>,
    output: Output<Stdout>,
    slot: Arc<Slot>,
}

impl Drawer {
    /// Draws what is new until the slot closes; where it cannot go on, the slot closes too.
    fn draw(&mut self) -> io::Result<Drawn> {
        let slot = Arc::clone(&self.slot);
        let _ended = CloseOnDrop(&slot);
        let (mut shown, mut drawn) = (Shown::default(), Drawn::default());
        let mut key_to_screen = Recent::default();
        while let Some(news) = slot.take(&mut shown) {
            let taken_us = self.setup.clock.now_us();
            match slot.scene() {
                Scene::Blank => {}
                Scene::Menu(menu) => self.menu(&menu)?,
                Scene::Play(facts) => self.play(&facts, &shown, &key_to_screen)?,
            }
            if news == News::Frame {
                let (encoded_us, written_us) = self.output.written_us();
                if let Some(told_us) = shown.told_us {
                    key_to_screen.add(written_us.saturating_sub(told_us));
                }
                let Shown { session, frame, .. } = shown;
                self.count(&mut drawn, Shot { session, frame, taken_us, encoded_us, written_us });
                let made_us = encoded_us.saturating_sub(taken_us);
                if made_us > COSTLY_US {
                    self.setup.clock.sleep_until(written_us + REST * made_us.min(RESTED_US_MAX));
                }
            }
        }
        Ok(drawn)
    }

    fn count(&self, drawn: &mut Drawn, shot: Shot) {
        let sessions = drawn.frames.len().max(shot.session + 1);
        drawn.frames.resize(sessions, 0);
        drawn.frames[shot.session] += 1;
        if self.setup.wants_shots && drawn.shots.len() < SHOTS_MAX {
            drawn.shots.push(shot);
        }
    }

    fn play(&mut self, facts: &Facts, shown: &Shown, key_to_screen: &Recent) -> io::Result<()> {
        let Setup { look, ref answers, ref mut canvas, ref controls, .. } = self.setup;
        let (mood, key_to_screen_us) = (controls.mood(), key_to_screen.p50_p99_us());
        let (cell, canvas) = (answers.cell.unwrap_or_default(), canvas.as_mut());
        let view = View { facts, shown, mood, key_to_screen_us, look, cell, canvas };
        self.terminal.draw(|frame| frame.render_widget(view, frame.area())).map(|_| ())
    }

    fn menu(&mut self, menu: &Menu) -> io::Result<()> {
        let (look, cell) = (self.setup.look, self.setup.answers.cell.unwrap_or_default());
        let view = MenuView { menu, look, cell };
        let mut across = 1;
        self.terminal.draw(|frame| {
            across = view.across(frame.area());
            frame.render_widget(view, frame.area());
        })?;
        self.slot.lay_menu(across);
        Ok(())
    }
}

struct CloseOnDrop<'a>(&'a Slot);

impl Drop for CloseOnDrop<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}
