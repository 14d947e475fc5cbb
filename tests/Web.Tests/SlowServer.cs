using Minka.Compute.Cpu;
using Minka.Engine.Execution;
using Minka.Engine.Scheduling;
using Minka.Models;
using Minka.Models.Loading;
using Minka.Server;

namespace Minka.Web.Tests;

/// <summary>Minka in this process with the built-in model, slow enough to be watched.</summary>
public sealed class SlowServer : IAsyncDisposable
{
    private static readonly TimeSpan _step = TimeSpan.FromMilliseconds(25);

    private ServerApp? _app;

    /// <summary>Where it listens.</summary>
    public Uri Address => _app!.Address;

    /// <summary>Starts it.</summary>
    public async Task StartAsync()
    {
        var scheduling = new SchedulerOptions { SequencesMax = 8, TokensPerStepMax = 256, ContextMax = 1024 };
        var package = ModelPackage.Open(Path.Combine(Repository, "models", "minka-tiny", "minka-tiny.Q8_0.gguf"));
        var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        const int blocks = 520;
        var model = package.Load(
            backend, new ModelLoadOptions { KvBlocks = blocks, Limits = scheduling.StepLimits(blocks) });
        var served = new ServedModel(
            "minka-tiny", package, new SlowExecutor(new LocalExecutor(model), _step),
            new ServedModelOptions { Scheduling = scheduling, Defaults = new GenerationDefaults { DoSample = false } },
            new Owned(model, backend, package), TimeProvider.System);
        var shelf = new ModelShelf([new ModelEntry("minka-tiny", 5 << 20, _ => Task.FromResult(served))]);
        _app = await ServerApp.StartAsync(shelf, new ServerOptions { Port = 0, Version = "test" }, TimeProvider.System);
        await _app.LoadAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_app is not null) await _app.DisposeAsync();
    }

    private static string Repository
    {
        get
        {
            var folder = AppContext.BaseDirectory;
            while (!File.Exists(Path.Combine(folder, "Minka.slnx"))) folder = Path.GetDirectoryName(folder)!;
            return folder;
        }
    }

    /// <summary>Waits before every step.</summary>
    private sealed class SlowExecutor(IExecutor inner, TimeSpan wait) : IExecutor
    {
        public ExecutorShape Shape => inner.Shape;

        public async ValueTask ExecuteAsync(Batch batch, CancellationToken cancellation)
        {
            await Task.Delay(wait, TimeProvider.System, cancellation);
            await inner.ExecuteAsync(batch, cancellation);
        }
    }

    private sealed class Owned(params IDisposable[] parts) : IDisposable
    {
        public void Dispose()
        {
            foreach (var part in parts) part.Dispose();
        }
    }
}
