using System.Runtime.CompilerServices;

namespace Minka.Compute.Kernels.MatMul;

/// <summary>The sums of one row group for a tile of tokens: where they are kept, and how they end.</summary>
internal static unsafe class TileSums
{
    // A vector that lies across two cache lines costs twice.
    private const int Alignment = 64;

    /// <summary>Row groups that end together: their results lie side by side, and tokens lie pages apart.</summary>
    public const int Groups = 4;

    /// <summary>Bytes of stack to reserve, whatever the width of vectors.</summary>
    public const int Bytes = (Groups * ActivationTiles.TileTokens * 64) + Alignment - 1;

    /// <summary>The first sum in some reserved bytes.</summary>
    public static TF* Align<TF>(byte* room)
        where TF : unmanaged => (TF*)(((nint)room + Alignment - 1) & ~(nint)(Alignment - 1));

    /// <summary>Writes the sums of some row groups, as far as rows go.</summary>
    /// <param name="sums"><c>[groups][tokens]</c>, R sums each.</param>
    /// <param name="first">The first group's first row.</param>
    /// <param name="groups">Consecutive groups.</param>
    /// <param name="rows">Rows of the matrix.</param>
    /// <param name="y">The first token's results.</param>
    /// <param name="yStride">Floats from one token to the next.</param>
    /// <param name="tokens">Tokens.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]    // so that the first token is not slow
    public static void Write<TLanes, TI, TF>(
        TF* sums, int first, int groups, int rows, float* y, int yStride, int tokens)
        where TLanes : struct, IWordLanes<TI, TF>
        where TI : unmanaged
        where TF : unmanaged
    {
        var whole = Math.Min(groups, (rows - first) / TLanes.Count);
        y += first;
        for (var t = 0; t < tokens; t++, y += yStride, sums++)
        {
            for (var g = 0; g < whole; g++) TLanes.Store(y + (g * TLanes.Count), sums[g * tokens]);
            for (var r = whole * TLanes.Count; r < Math.Min(groups * TLanes.Count, rows - first); r++)
                y[r] = ((float*)(sums + (whole * tokens)))[r % TLanes.Count];
        }
    }
}
