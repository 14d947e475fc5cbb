using Minka.Cluster.Metrics;
using Minka.Engine.Scheduling;
using Minka.Models;
using Minka.Plan;

namespace Minka.Cluster;

/// <summary>The model on its cluster, for those who run it step by step instead of through the engine.</summary>
/// <param name="executor">Runs the steps; disposed with the model.</param>
/// <param name="config">Hyperparameters.</param>
/// <param name="memory">Of all ranks together.</param>
/// <param name="links">Disposed after the executor.</param>
public sealed class ClusterModel(
    ClusterExecutor executor, ModelConfig config, ModelMemory memory, IDisposable links) : ICausalModel
{
    private readonly List<BlockCopy> _copies = [];

    /// <summary>The workers and what they do; null where the ranks are not workers. Disposed with the model.</summary>
    public ClusterMonitor? Monitor { get; init; }

    /// <summary>How the model is cut.</summary>
    public ReplicaPlan? Replica { get; init; }

    /// <summary>What was chosen for the collectives, and why, a line or more for each stage.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>For an engine.</summary>
    public ClusterExecutor Executor => executor;

    /// <inheritdoc/>
    public ModelConfig Config => config;

    /// <inheritdoc/>
    public StepLimits Limits => executor.Shape.Limits;

    /// <inheritdoc/>
    public int KvBlocks => executor.Shape.KvBlocks;

    /// <inheritdoc/>
    public ModelMemory Memory => memory;

    /// <summary>Never called: the residual stream stays on the ranks.</summary>
    public HiddenProbe? Probe { get; set; }

    /// <inheritdoc/>
    /// <exception cref="Minka.Collectives.PeerLostException">A rank is gone or silent.</exception>
    public void Forward(ForwardInput input, Span<float> logits)
    {
        var copies = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_copies);
        executor.Run(input, copies).CopyTo(logits);
        _copies.Clear();
    }

    /// <summary>Goes with the next step; no more of them than the step may have sequences.</summary>
    public void CopyKvBlock(int source, int target) => _copies.Add(new(source, target));

    /// <summary>Ends the ranks; their workers can still be asked.</summary>
    public void Leave()
    {
        executor.Dispose();
        links.Dispose();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Leave();
        Monitor?.Dispose();
    }
}
