using Minka.Compute.Formats;

namespace Minka.Compute.Packing;

/// <summary>Room for the rounded activations of one product, sized once for the largest step.</summary>
internal sealed unsafe class MatMulScratch : IDisposable
{
    private readonly WeightMemory _memory;

    /// <summary>Room for up to <paramref name="tokensMax"/> tokens of <paramref name="columnsMax"/> inputs.</summary>
    public MatMulScratch(int tokensMax, int columnsMax)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(tokensMax, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(columnsMax, 1);
        BlocksMax = (long)tokensMax * ((columnsMax - 1) / ActivationBlock.Length + 1);
        _memory = new WeightMemory(checked(BlocksMax * sizeof(ActivationBlock)));
    }

    /// <summary>Blocks of all tokens together that fit.</summary>
    public long BlocksMax { get; }

    /// <summary>The first block.</summary>
    public ActivationBlock* Blocks => (ActivationBlock*)_memory.Pointer;

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();
}
