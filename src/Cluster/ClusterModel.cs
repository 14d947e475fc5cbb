using Minka.Engine.Scheduling;
using Minka.Models;

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

    /// <inheritdoc/>
    public void Dispose()
    {
        executor.Dispose();
        links.Dispose();
    }
}
