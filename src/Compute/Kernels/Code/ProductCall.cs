using System.Runtime.InteropServices;

namespace Minka.Compute.Kernels.Code;

/// <summary>What a written function for products is given: row groups, one after the other, times some tokens.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ProductCall
{
    /// <summary>The first group's first block.</summary>
    public nint Weights;

    /// <summary>The first token's first block of activations; the other tokens' first blocks follow.</summary>
    public nint Activations;

    /// <summary>Receives the sums of the first group's rows, token by token.</summary>
    public nint Sums;

    /// <summary>Blocks of a row, at least one.</summary>
    public nint Blocks;

    /// <summary>Groups, at least one; or groups or pairs that functions for two at once count down.</summary>
    public nint Groups;

    /// <summary>Bytes from one block of a token's activations to its next.</summary>
    public nint ActivationStride;

    /// <summary>Bytes from one token's sums to the next one's.</summary>
    public nint TokenStride;

    /// <summary>Bytes from where another token's sums would come to the next group's first.</summary>
    public nint GroupStep;

    /// <summary>Bytes from a group to its neighbour, for functions that take two at once.</summary>
    public nint GroupBytes;

    /// <summary>How far ahead of what they read such functions ask for weights, in bytes.</summary>
    public nint Ahead;

    /// <summary>Where such functions keep sums, on a cache line of its own.</summary>
    public nint Room;

    /// <summary>What every byte, or every word, is combined with.</summary>
    public ProductConstants Constants;
}

/// <summary>Words that instructions read for all their lanes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ProductConstants
{
    /// <summary>The low nibble of every byte.</summary>
    public int LowNibbles = 0x0F0F0F0F;

    /// <summary>Four bits of a word.</summary>
    public int FourBits = 15;

    /// <summary>Brings bits 0 to 3 of a word to the lowest bits of its bytes.</summary>
    public int Spread = 0x00204081;

    /// <summary>The lowest bit of every byte.</summary>
    public int LowBits = 0x01010101;

    /// <summary>One, twice.</summary>
    public int Ones = 0x00010001;

    /// <summary>An eighth, by which minimums are multiplied because activations' offsets are eightfold.</summary>
    public float Eighth = 0.125f;

    /// <summary>As they are above.</summary>
    public ProductConstants()
    {
    }
}
