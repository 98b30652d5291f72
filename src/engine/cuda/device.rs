//! The CUDA driver behind safe types.
//!
//! A type here owns what it names and gives it back when dropped. Copies check their bounds; that a
//! kernel stays within the arena is the promise of the launchers in `kernels`.

use super::probe::{DriverError, driver};
use cudarc::driver::sys;
use std::cell::Cell;
use std::ffi::{CString, c_void};
use std::ops::Range;
use std::ptr::null_mut;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

thread_local! {
    /// The context that this thread works in: 0 for none.
    static CURRENT: Cell<u64> = const { Cell::new(0) };
}

/// Numbers contexts from 1.
static CONTEXTS: AtomicU64 = AtomicU64::new(1);

/// A GPU's primary context.
pub(super) struct Context {
    raw: sys::CUcontext,
    device: sys::CUdevice,
    number: u64,
}

// SAFETY: a CUDA context may be used from any thread that makes it current, and several at once.
unsafe impl Send for Context {}
// SAFETY: as above; nothing here is changed after it was made.
unsafe impl Sync for Context {}

impl Context {
    /// Takes the primary context of a GPU that the probe found.
    pub(super) fn open(device: i32) -> Result<Arc<Context>, DriverError> {
        let mut raw = null_mut();
        // SAFETY: `raw` outlives the call; the probe found the driver and initialised it.
        driver("cuDevicePrimaryCtxRetain", unsafe {
            sys::cuDevicePrimaryCtxRetain(&mut raw, device)
        })?;
        let number = CONTEXTS.fetch_add(1, Ordering::Relaxed);
        Ok(Arc::new(Context { raw, device, number }))
    }

    /// Makes this the thread's context; costs nothing where it is.
    pub(super) fn enter(&self) -> Result<(), DriverError> {
        if CURRENT.get() == self.number {
            return Ok(());
        }
        // SAFETY: the context is held until this is dropped.
        driver("cuCtxSetCurrent", unsafe { sys::cuCtxSetCurrent(self.raw) })?;
        CURRENT.set(self.number);
        Ok(())
    }

    /// Bytes that are free on the GPU, and all it has.
    pub(super) fn memory(&self) -> Result<(usize, usize), DriverError> {
        self.enter()?;
        let (mut free, mut total) = (0, 0);
        // SAFETY: both outlive the call.
        driver("cuMemGetInfo", unsafe { sys::cuMemGetInfo_v2(&mut free, &mut total) })?;
        Ok((free, total))
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        CURRENT.set(0);
        // SAFETY: retained once, released once; what lived in it held an `Arc` of this.
        let _ = unsafe { sys::cuDevicePrimaryCtxRelease_v2(self.device) };
    }
}

/// A piece of the GPU's memory.
pub(super) struct DeviceMemory {
    context: Arc<Context>,
    address: u64,
    bytes: usize,
}

impl DeviceMemory {
    /// Takes `bytes` (at least 1), all zero.
    pub(super) fn zeroed(
        context: &Arc<Context>,
        bytes: usize,
        stream: &Stream,
    ) -> Result<DeviceMemory, DriverError> {
        context.enter()?;
        let mut address = 0;
        // SAFETY: `address` outlives the call.
        driver("cuMemAlloc", unsafe { sys::cuMemAlloc_v2(&mut address, bytes) })?;
        let memory = DeviceMemory { context: Arc::clone(context), address, bytes };
        stream.zero(&memory, 0..bytes)?;
        stream.wait()?;
        Ok(memory)
    }

    /// Its first byte, as kernels see it.
    pub(super) fn address(&self) -> u64 {
        self.address
    }

    fn part(&self, range: &Range<usize>) -> u64 {
        assert!(range.start <= range.end && range.end <= self.bytes, "{range:?} of {}", self.bytes);
        self.address + range.start as u64
    }
}

impl Drop for DeviceMemory {
    fn drop(&mut self) {
        if self.context.enter().is_ok() {
            // SAFETY: taken once, freed once; streams that used it have been waited for.
            let _ = unsafe { sys::cuMemFree_v2(self.address) };
        }
    }
}

/// Memory of the host that the GPU copies to and from by itself.
pub(super) struct Pinned {
    context: Arc<Context>,
    start: *mut u8,
    bytes: usize,
}

// SAFETY: it is plain memory that one owner reads and writes through `&self` and `&mut self`.
unsafe impl Send for Pinned {}

impl Pinned {
    /// Takes `bytes` (at least 1), all zero.
    pub(super) fn zeroed(context: &Arc<Context>, bytes: usize) -> Result<Pinned, DriverError> {
        context.enter()?;
        let mut start: *mut c_void = null_mut();
        // SAFETY: `start` outlives the call.
        driver("cuMemHostAlloc", unsafe { sys::cuMemHostAlloc(&mut start, bytes, 0) })?;
        let start = start.cast::<u8>();
        // SAFETY: the driver gave `bytes` bytes that nobody else has.
        unsafe { start.write_bytes(0, bytes) };
        Ok(Pinned { context: Arc::clone(context), start, bytes })
    }

    /// Its bytes. No copy of the GPU may be under way.
    pub(super) fn bytes(&self) -> &[u8] {
        // SAFETY: `bytes` initialised bytes, alive as long as this.
        unsafe { std::slice::from_raw_parts(self.start, self.bytes) }
    }

    /// Its bytes, to change. No copy of the GPU may be under way.
    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as above, and borrowed once.
        unsafe { std::slice::from_raw_parts_mut(self.start, self.bytes) }
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        if self.context.enter().is_ok() {
            // SAFETY: taken once, freed once.
            let _ = unsafe { sys::cuMemFreeHost(self.start.cast()) };
        }
    }
}

/// A queue of work on the GPU.
pub(super) struct Stream {
    context: Arc<Context>,
    raw: sys::CUstream,
}

// SAFETY: a stream may be used from any thread in whose context it lives.
unsafe impl Send for Stream {}

impl Stream {
    /// A new queue that waits for no other.
    pub(super) fn new(context: &Arc<Context>) -> Result<Stream, DriverError> {
        context.enter()?;
        let mut raw = null_mut();
        let flags = sys::CUstream_flags_enum::CU_STREAM_NON_BLOCKING as u32;
        // SAFETY: `raw` outlives the call.
        driver("cuStreamCreate", unsafe { sys::cuStreamCreate(&mut raw, flags) })?;
        Ok(Stream { context: Arc::clone(context), raw })
    }

    /// Waits until all that was queued is done.
    pub(super) fn wait(&self) -> Result<(), DriverError> {
        // SAFETY: the stream is alive.
        driver("cuStreamSynchronize", unsafe { sys::cuStreamSynchronize(self.raw) })
    }

    /// Queues zeros for a range of bytes.
    pub(super) fn zero(&self, to: &DeviceMemory, range: Range<usize>) -> Result<(), DriverError> {
        let address = to.part(&range);
        // SAFETY: the range lies in memory that is alive, as its owner waits before it drops it.
        let done = unsafe { sys::cuMemsetD8Async(address, 0, range.len(), self.raw) };
        driver("cuMemsetD8Async", done)
    }

    /// Queues a copy to the GPU; `from` must stay as it is until the stream was waited for.
    pub(super) fn upload(
        &self,
        from: &Pinned,
        to: &DeviceMemory,
        range: Range<usize>,
    ) -> Result<(), DriverError> {
        assert!(range.len() <= from.bytes, "{range:?} of {}", from.bytes);
        let (address, bytes) = (to.part(&range), range.len());
        // SAFETY: both ends were checked and stay alive until the stream is waited for.
        let done =
            unsafe { sys::cuMemcpyHtoDAsync_v2(address, from.start.cast(), bytes, self.raw) };
        driver("cuMemcpyHtoDAsync", done)
    }

    /// Queues a copy to the host; `to` may be read once the stream was waited for.
    pub(super) fn download(
        &self,
        from: &DeviceMemory,
        range: Range<usize>,
        to: &mut Pinned,
    ) -> Result<(), DriverError> {
        assert!(range.len() <= to.bytes, "{range:?} of {}", to.bytes);
        let (address, bytes) = (from.part(&range), range.len());
        // SAFETY: both ends were checked and stay alive until the stream is waited for.
        let done = unsafe { sys::cuMemcpyDtoHAsync_v2(to.start.cast(), address, bytes, self.raw) };
        driver("cuMemcpyDtoHAsync", done)
    }

    /// Copies bytes to the GPU and waits.
    pub(super) fn put(
        &self,
        from: &[u8],
        to: &DeviceMemory,
        start: usize,
    ) -> Result<(), DriverError> {
        self.context.enter()?;
        let address = to.part(&(start..start + from.len()));
        let (pointer, bytes) = (from.as_ptr().cast::<c_void>(), from.len());
        // SAFETY: both ends were checked; the wait comes before `from` can go.
        let done = unsafe { sys::cuMemcpyHtoDAsync_v2(address, pointer, bytes, self.raw) };
        driver("cuMemcpyHtoDAsync", done)?;
        self.wait()
    }

    /// Copies bytes to the host and waits.
    pub(super) fn get(
        &self,
        from: &DeviceMemory,
        start: usize,
        to: &mut [u8],
    ) -> Result<(), DriverError> {
        self.context.enter()?;
        let address = from.part(&(start..start + to.len()));
        let (pointer, bytes) = (to.as_mut_ptr().cast::<c_void>(), to.len());
        // SAFETY: both ends were checked; the wait comes before `to` can be read.
        let done = unsafe { sys::cuMemcpyDtoHAsync_v2(pointer, address, bytes, self.raw) };
        driver("cuMemcpyDtoHAsync", done)?;
        self.wait()
    }

    /// Queues one kernel whose only parameter is the struct with the bytes `parameter`.
    pub(super) fn launch(
        &self,
        kernel: Kernel,
        (blocks, threads): (u32, u32),
        parameter: &[u8],
    ) -> Result<(), DriverError> {
        let mut pointers = [parameter.as_ptr().cast_mut().cast::<c_void>()];
        // SAFETY: the driver copies the parameter before it returns; the launchers in `kernels`
        // make it of the kernel's own layout and of addresses within one arena.
        let done = unsafe {
            sys::cuLaunchKernel(
                kernel.raw,
                blocks,
                1,
                1,
                threads,
                1,
                1,
                0,
                self.raw,
                pointers.as_mut_ptr(),
                null_mut(),
            )
        };
        driver("cuLaunchKernel", done)
    }

    /// What `queue` queues becomes one graph instead of being run.
    pub(super) fn capture(
        &self,
        queue: impl FnOnce() -> Result<(), DriverError>,
    ) -> Result<Graph, DriverError> {
        let mode = sys::CUstreamCaptureMode_enum::CU_STREAM_CAPTURE_MODE_THREAD_LOCAL;
        // SAFETY: the stream is alive and nothing is queued on it.
        driver("cuStreamBeginCapture", unsafe { sys::cuStreamBeginCapture_v2(self.raw, mode) })?;
        let queued = queue();
        let (mut graph, mut raw) = (null_mut(), null_mut());
        // SAFETY: capture was begun above; `graph` outlives the call.
        let ended = unsafe { sys::cuStreamEndCapture(self.raw, &mut graph) };
        queued?;
        driver("cuStreamEndCapture", ended)?;
        // SAFETY: `graph` is whole; it is destroyed once, after it was made into `raw`.
        let made = unsafe {
            let made = sys::cuGraphInstantiateWithFlags(&mut raw, graph, 0);
            let _ = sys::cuGraphDestroy(graph);
            made
        };
        driver("cuGraphInstantiate", made)?;
        Ok(Graph { context: Arc::clone(&self.context), raw })
    }

    /// Queues a graph.
    pub(super) fn run(&self, graph: &Graph) -> Result<(), DriverError> {
        // SAFETY: both are alive; the owner waits before it drops the graph.
        driver("cuGraphLaunch", unsafe { sys::cuGraphLaunch(graph.raw, self.raw) })
    }

    /// Queues a note of the time.
    pub(super) fn record(&self, event: &Event) -> Result<(), DriverError> {
        // SAFETY: both are alive.
        driver("cuEventRecord", unsafe { sys::cuEventRecord(event.raw, self.raw) })
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if self.context.enter().is_ok() {
            // SAFETY: made once, destroyed once; work that is queued is waited for first.
            let _ = unsafe {
                let _ = sys::cuStreamSynchronize(self.raw);
                sys::cuStreamDestroy_v2(self.raw)
            };
        }
    }
}

/// A list of launches that the driver knows whole.
pub(super) struct Graph {
    context: Arc<Context>,
    raw: sys::CUgraphExec,
}

// SAFETY: a graph may be launched from any thread, by one at a time: its owner.
unsafe impl Send for Graph {}

impl Drop for Graph {
    fn drop(&mut self) {
        if self.context.enter().is_ok() {
            // SAFETY: made once, destroyed once.
            let _ = unsafe { sys::cuGraphExecDestroy(self.raw) };
        }
    }
}

/// The oldest driver, as CUDA numbers it, that tells the time between events by this call (12.8).
pub(super) const ELAPSED_DRIVER_MIN: u32 = 12_080;

/// A point in a stream's time.
pub(super) struct Event {
    context: Arc<Context>,
    raw: sys::CUevent,
}

impl Event {
    /// A new one, at no time yet.
    pub(super) fn new(context: &Arc<Context>) -> Result<Event, DriverError> {
        context.enter()?;
        let mut raw = null_mut();
        // SAFETY: `raw` outlives the call.
        driver("cuEventCreate", unsafe { sys::cuEventCreate(&mut raw, 0) })?;
        Ok(Event { context: Arc::clone(context), raw })
    }

    /// Milliseconds from another event to this one; both were recorded and waited for. Older
    /// drivers than [`ELAPSED_DRIVER_MIN`] lack the call.
    pub(super) fn since_ms(&self, earlier: &Event) -> Result<f32, DriverError> {
        let mut ms = 0.0;
        // SAFETY: `ms` outlives the call; both events are alive.
        let done = unsafe { sys::cuEventElapsedTime_v2(&mut ms, earlier.raw, self.raw) };
        driver("cuEventElapsedTime", done)?;
        Ok(ms)
    }
}

impl Drop for Event {
    fn drop(&mut self) {
        if self.context.enter().is_ok() {
            // SAFETY: made once, destroyed once.
            let _ = unsafe { sys::cuEventDestroy_v2(self.raw) };
        }
    }
}

/// Machine code on the GPU.
pub(super) struct Module {
    context: Arc<Context>,
    raw: sys::CUmodule,
}

// SAFETY: a module is only looked up in, from any thread.
unsafe impl Send for Module {}
// SAFETY: as above.
unsafe impl Sync for Module {}

/// One kernel of a module, which outlives it: engines hold the `Gpu` that holds the modules.
#[derive(Clone, Copy)]
pub(super) struct Kernel {
    raw: sys::CUfunction,
}

// SAFETY: a handle that is only read.
unsafe impl Send for Kernel {}
// SAFETY: as above.
unsafe impl Sync for Kernel {}

impl Module {
    /// Loads machine code, or PTX that ends in a zero byte, which the driver compiles.
    pub(super) fn load(context: &Arc<Context>, image: &[u8]) -> Result<Module, DriverError> {
        context.enter()?;
        let mut raw = null_mut();
        // SAFETY: the image is what NVRTC made, checked against its digest; it outlives the call.
        let done = unsafe { sys::cuModuleLoadData(&mut raw, image.as_ptr().cast()) };
        driver("cuModuleLoadData", done)?;
        Ok(Module { context: Arc::clone(context), raw })
    }

    /// The kernel of that name.
    pub(super) fn kernel(&self, name: &str) -> Result<Kernel, DriverError> {
        let name = CString::new(name).expect("a kernel's name");
        let mut raw = null_mut();
        // SAFETY: `raw` and `name` outlive the call.
        let done = unsafe { sys::cuModuleGetFunction(&mut raw, self.raw, name.as_ptr()) };
        driver("cuModuleGetFunction", done)?;
        Ok(Kernel { raw })
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        if self.context.enter().is_ok() {
            // SAFETY: loaded once, unloaded once.
            let _ = unsafe { sys::cuModuleUnload(self.raw) };
        }
    }
}
