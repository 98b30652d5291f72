//! The screen on which a tape is viewed: the terminal on loan, a thread that draws, one that reads
//! keys. Frames come over a [`Desk`] from whoever makes them.

mod album;
mod desk;
mod facts;
mod lines;
mod orders;
mod overlay;
mod page;
mod pictures;
mod player;
mod scene;
mod strips;

pub use album::{Album, Print};
pub use desk::{Desk, PICTURE_BYTES_MAX, Put, Side, Want};
pub use facts::{Facts, Machines, SideName};
pub use orders::{Order, Way};
pub use page::Page;
pub use player::{Landmarks, Overlay, Player, Sides};
pub use scene::{Contrast, Scene};

use super::threads::{ended, spawn};
use super::{Lease, Look, Modes, Output, ScreenError};
use crate::clock::{Clock, KEYS_END};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use std::io::{self, Stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread::JoinHandle;

/// How often the strip is drawn anew while nothing else happens, in microseconds.
const STRIP_PERIOD_US: u64 = 100_000;

/// An open screen. Dropping it gives the terminal back and ends its threads.
pub struct Viewer {
    lease: Lease<Stdout>,
    desk: Arc<Desk>,
    stop: Arc<AtomicBool>,
    drawer: Option<JoinHandle<io::Result<u64>>>,
    reader: Option<(JoinHandle<io::Result<()>>, Receiver<()>)>,
}

impl Viewer {
    /// Takes the terminal of standard output.
    ///
    /// # Errors
    /// [`ScreenError`]; the terminal is then as it was.
    pub fn open(
        facts: Facts,
        look: Look,
        desk: Arc<Desk>,
        clock: impl Clock + 'static,
    ) -> Result<Viewer, ScreenError> {
        let output = Output::new(io::stdout());
        let backend = CrosstermBackend::new(output.clone());
        let terminal = Terminal::new(backend).map_err(ScreenError::Take)?;
        let modes = Modes { raw: true, releases: false, pictures: false };
        let lease = Lease::take(output, modes).map_err(ScreenError::Take)?;
        lease.restore_on_panic();
        let stop = Arc::new(AtomicBool::new(false));
        let mut viewer = Viewer { lease, desk, stop, drawer: None, reader: None };
        let desk = Arc::clone(&viewer.desk);
        let drawer = move || Drawer::new(&facts, look, &desk).run(terminal, &clock);
        viewer.drawer = Some(spawn("pictures", drawer)?);
        let (desk, stop) = (Arc::clone(&viewer.desk), Arc::clone(&viewer.stop));
        let (alive, ended) = sync_channel(0);
        let read = move || {
            let _alive = alive;
            orders::read(&desk, &stop)
        };
        viewer.reader = Some((spawn("keys", read)?, ended));
        Ok(viewer)
    }

    /// Gives the terminal back at once, from any thread.
    pub fn restorer(&self) -> impl Fn() + Send + Sync + use<> {
        self.lease.restorer()
    }

    /// Gives the terminal back.
    ///
    /// # Errors
    /// What ended the screen early.
    pub fn close(mut self) -> Result<(), ScreenError> {
        let (drawn, read) = self.end();
        drop(self);
        read.and(drawn)
    }

    /// Ends both threads; says how they went.
    fn end(&mut self) -> (Result<(), ScreenError>, Result<(), ScreenError>) {
        self.stop.store(true, Ordering::Release);
        self.desk.close();
        // crossterm never comes back from a terminal that went away: then nobody waits for it.
        let reader = self
            .reader
            .take()
            .filter(|(_, ended)| ended.recv_timeout(KEYS_END) != Err(RecvTimeoutError::Timeout));
        let drawn = ended("pictures", self.drawer.take()).map(drop::<u64>);
        (drawn, ended("keys", reader.map(|(thread, _)| thread)))
    }
}

impl Drop for Viewer {
    fn drop(&mut self) {
        // Only errors of a viewer that already failed get lost here.
        let _ = self.end();
    }
}

/// The thread that draws: it holds the player, and nobody else does.
struct Drawer<'a> {
    facts: &'a Facts,
    look: Look,
    desk: &'a Desk,
    player: Player,
    scene: Scene,
    /// What was seen last: changes of the desk, and when.
    seen: (u64, u64),
}

impl<'a> Drawer<'a> {
    fn new(facts: &'a Facts, look: Look, desk: &'a Desk) -> Drawer<'a> {
        let player = Player::new(facts.actions.len() as u64, facts.rate_milli);
        Drawer { facts, look, desk, player, scene: Scene::default(), seen: (0, 0) }
    }

    /// Until the viewer quits or the desk closes; says how many times it drew.
    fn run(
        mut self,
        mut terminal: Terminal<CrosstermBackend<Output<Stdout>>>,
        clock: &dyn Clock,
    ) -> io::Result<u64> {
        let _ended = self.desk.close_on_drop();
        let (mut orders, mut drawn) = (Vec::new(), 0);
        let mut is_stale = true;
        loop {
            let now_us = clock.now_us();
            if is_stale || self.has_news(now_us) {
                self.draw(&mut terminal, now_us)?;
                drawn += 1;
            }
            if !self.desk.wait(clock.now_us(), self.due_us(), &mut orders) {
                return Ok(drawn);
            }
            is_stale = self.turn(&mut orders, clock.now_us());
            if self.player.has_quit() {
                return Ok(drawn);
            }
        }
    }

    /// Obeys, goes on, asks for what is wanted and takes what is there; is anything new?
    fn turn(&mut self, orders: &mut Vec<Order>, now_us: u64) -> bool {
        let mut is_new = !orders.is_empty();
        for order in orders.drain(..) {
            self.player.obey(order, now_us, self.scene.frame(), self.desk);
        }
        is_new |= self.scene.refresh(self.desk, self.player.at());
        let before = self.player.at();
        self.player.tick(now_us, self.scene.shows(before));
        self.desk.ask(Want { frame: self.player.at(), ahead: self.player.ahead() });
        is_new | self.scene.refresh(self.desk, self.player.at())
    }

    /// When there is something to do that nobody tells; the desk tells of frames.
    fn due_us(&self) -> u64 {
        let waits = !self.scene.shows(self.player.at());
        self.player.due_us().filter(|_| !waits).unwrap_or(u64::MAX)
    }

    /// Did something change since the last drawing, and is that long ago?
    fn has_news(&self, now_us: u64) -> bool {
        let (changes, at_us) = self.seen;
        self.desk.changes() != changes && now_us.saturating_sub(at_us) >= STRIP_PERIOD_US
    }

    fn draw(
        &mut self,
        terminal: &mut Terminal<CrosstermBackend<Output<Stdout>>>,
        now_us: u64,
    ) -> io::Result<()> {
        self.seen = (self.desk.changes(), now_us);
        let (facts, player, scene) = (self.facts, &self.player, &self.scene);
        let page = Page { facts, player, scene, desk: self.desk, look: self.look };
        terminal.draw(|frame| frame.render_widget(page, frame.area()))?;
        Ok(())
    }
}
