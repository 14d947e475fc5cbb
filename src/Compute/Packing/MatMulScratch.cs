using Minka.Compute.Cpu;
using Minka.Compute.Formats;
using Minka.Compute.Kernels.MatMul;

namespace Minka.Compute.Packing;

/// <summary>Room for the rounded activations of one product, sized once for the largest step.</summary>
internal sealed unsafe class MatMulScratch : IDisposable
{
    // A panel may be twice as wide as it has tokens.
    private const int PanelBytesPerBlock = 2 * ActivationBlock.Length * sizeof(float);

    private readonly NativeBuffer _blocks, _panels;

    /// <summary>Room for up to <paramref name="tokensMax"/> tokens of <paramref name="columnsMax"/> inputs.</summary>
    public MatMulScratch(int tokensMax, int columnsMax)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(tokensMax, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(columnsMax, 1);
        BlocksMax = BlocksOf(tokensMax, columnsMax);
        _blocks = new NativeBuffer(checked(BlocksMax * sizeof(ActivationBlock)));
        _panels = new NativeBuffer(checked(BlocksMax * PanelBytesPerBlock));
    }

    /// <summary>Blocks of all tokens together that fit.</summary>
    public long BlocksMax { get; }

    /// <summary>Room for int8 blocks.</summary>
    public nint Blocks => (nint)_blocks.Data;

    /// <summary>Room for panels of floats; memory is taken only when it is written.</summary>
    public nint Panels => (nint)_panels.Data;

    /// <summary>Some of the tokens of a step, with room of their own.</summary>
    /// <param name="x">The first of them.</param>
    /// <param name="xStride">Floats from one token to the next.</param>
    /// <param name="first">Tokens of the step before them.</param>
    /// <param name="tokens">How many they are.</param>
    /// <param name="columns">Values of a token.</param>
    public ActivationTiles TilesOf(float* x, int xStride, int first, int tokens, int columns)
    {
        var blocks = BlocksOf(first, columns);
        return new((nint)x, xStride, tokens, columns, Blocks + (nint)(blocks * sizeof(ActivationBlock)),
            Panels + (nint)(blocks * PanelBytesPerBlock));
    }

    /// <summary>Blocks that a step takes.</summary>
    public static long BlocksOf(int tokens, int columns) =>
        (long)tokens * (((columns - 1) / ActivationBlock.Length) + 1);

    /// <inheritdoc/>
    public void Dispose()
    {
        _blocks.Dispose();
        _panels.Dispose();
    }
}
