using Minka.Compute.Cpu;
using Minka.Engine.Execution;
using Minka.Engine.Scheduling;
using Minka.Models;
using Minka.Models.Loading;
using Minka.Server;

namespace Minka.Web.Tests;

/// <summary>Minka in this process with the built-in model, at its own speed or as fast as a test lets it.</summary>
public sealed class PageServer : IAsyncDisposable
{
    private const int Many = 1 << 20;

    private readonly SemaphoreSlim _allowed;

    private ServerApp? _app;

    private PageServer(bool isStepped) => _allowed = new(isStepped ? 0 : Many);

    /// <summary>Where it listens.</summary>
    public Uri Address => _app!.Address;

    /// <summary>Starts one.</summary>
    /// <param name="isStepped">It does no step of the model that <see cref="Allow"/> did not allow.</param>
    public static async Task<PageServer> StartAsync(bool isStepped = false)
    {
        var scheduling = new SchedulerOptions { SequencesMax = 8, TokensPerStepMax = 256, ContextMax = 1024 };
        var package = ModelPackage.Open(Path.Combine(Repository, "models", "minka-tiny", "minka-tiny.Q8_0.gguf"));
        var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        const int blocks = 520;
        var model = package.Load(
            backend, new ModelLoadOptions { KvBlocks = blocks, Limits = scheduling.StepLimits(blocks) });
        var server = new PageServer(isStepped);
        var served = new ServedModel(
            "minka-tiny", package, new SteppedExecutor(new LocalExecutor(model), server._allowed),
            new ServedModelOptions { Scheduling = scheduling, Defaults = new GenerationDefaults { DoSample = false } },
            new Owned(model, backend, package), TimeProvider.System);
        var shelf = new ModelShelf([new ModelEntry("minka-tiny", 5 << 20, _ => Task.FromResult(served))]);
        server._app = await ServerApp.StartAsync(
            shelf, new ServerOptions { Port = 0, Version = "test" }, TimeProvider.System);
        await server._app.LoadAsync();
        return server;
    }

    /// <summary>Lets it do so many steps more: one is one token of every answer that is being written.</summary>
    public void Allow(int steps = Many) => _allowed.Release(steps);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Allow();
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

    /// <summary>Waits before every step until it is allowed.</summary>
    private sealed class SteppedExecutor(IExecutor inner, SemaphoreSlim allowed) : IExecutor
    {
        public ExecutorShape Shape => inner.Shape;

        public async ValueTask ExecuteAsync(Batch batch, CancellationToken cancellation)
        {
            await allowed.WaitAsync(cancellation);
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
