using Minka.Compute.Formats;

namespace Minka.Compute.Kernels.MatMul;

/// <summary>The activations of a step, as kernels want them.</summary>
/// <param name="Values">The floats themselves, <c>[tokens, columns]</c>.</param>
/// <param name="Stride">Floats from one token to the next.</param>
/// <param name="Tokens">Tokens of the step.</param>
/// <param name="Columns">Values of a token.</param>
/// <param name="Blocks">
/// int8 blocks <c>[tile][block][token of the tile]</c>; the last tile holds only the tokens that are left.
/// </param>
/// <param name="Panels">
/// Floats times <see cref="PanelScale"/>, <c>[panel][column][token of the panel]</c>; the last panel is as wide as
/// <see cref="PanelWidth"/> says, with zeros where there is no token.
/// </param>
internal readonly unsafe record struct ActivationTiles(
    nint Values, int Stride, int Tokens, int Columns, nint Blocks, nint Panels)
{
    /// <summary>Tokens of a tile: unpacking a weight costs little beside so many uses of it.</summary>
    public const int TileTokens = 32;

    /// <summary>Tokens of a whole panel: as many sums as registers hold.</summary>
    public const int PanelTokens = 8;

    /// <summary>
    /// 2^56, half of the power of two that a half-precision number lacks when its bits are taken for a float's: the
    /// other half multiplies the sums, so that neither overflows, and weights need no multiplication.
    /// </summary>
    public const float PanelScale = 72057594037927936f;

    /// <summary>int8 blocks of a token.</summary>
    public int BlocksPerToken => Columns / ActivationBlock.Length;

    /// <summary>Tiles of the step.</summary>
    public int Tiles => (Tokens + TileTokens - 1) / TileTokens;

    /// <summary>Panels of the step.</summary>
    public int PanelCount => (Tokens + PanelTokens - 1) / PanelTokens;

    /// <summary>Tokens of one tile.</summary>
    public int TokensOf(int tile) => Math.Min(TileTokens, Tokens - (tile * TileTokens));

    /// <summary>A tile's first block.</summary>
    public ActivationBlock* TileOf(int tile) =>
        (ActivationBlock*)Blocks + ((nint)tile * TileTokens * BlocksPerToken);

    /// <summary>One block of one token.</summary>
    public ActivationBlock* BlockOf(int token, int block)
    {
        var tile = token / TileTokens;
        return TileOf(tile) + ((nint)block * TokensOf(tile)) + (token % TileTokens);
    }

    /// <summary>A panel's first float.</summary>
    public float* PanelOf(int panel) => (float*)Panels + ((nint)panel * PanelTokens * Columns);

    /// <summary>Places for tokens in a panel: 1, 4 or 8.</summary>
    public int PanelWidth(int panel) => (Tokens - (panel * PanelTokens)) switch { 1 => 1, <= 4 => 4, _ => PanelTokens };
}
