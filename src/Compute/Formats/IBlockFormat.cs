using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Minka.Compute.Kernels;
using Minka.Compute.Kernels.MatMul;

namespace Minka.Compute.Formats;

/// <summary>How a run of weights is stored: an unmanaged struct laid out exactly as in a file, and its codec.</summary>
/// <remarks>
/// Every block is some 16-bit fields (<see cref="Halves"/>) followed by 32-bit words, which is all that packing has to
/// know. Static members let the JIT build one straight-line kernel per format, with no virtual call inside a row.
/// </remarks>
/// <typeparam name="TSelf">The block struct itself.</typeparam>
internal interface IBlockFormat<TSelf>
    where TSelf : unmanaged, IBlockFormat<TSelf>
{
    /// <summary>The name of this format.</summary>
    static abstract DType Type { get; }

    /// <summary>Leading 16-bit fields of a block; the rest is 32-bit words.</summary>
    static abstract int Halves { get; }

    /// <summary>Expands one block.</summary>
    static abstract void Decode(in TSelf block, Span<float> values);

    /// <summary>Expands many blocks, the same but faster where a format knows how.</summary>
    static virtual void DecodeAll(ReadOnlySpan<TSelf> blocks, Span<float> values)
    {
        var length = TSelf.Type.BlockLength();
        for (var b = 0; b < blocks.Length; b++) TSelf.Decode(in blocks[b], values.Slice(b * length, length));
    }

    /// <summary>Rounds one block's worth of values as ggml's reference does, bit by bit.</summary>
    static abstract TSelf Encode(ReadOnlySpan<float> values);
}

/// <summary>Plain numbers: blocks of one value, multiplied with f32 activations.</summary>
internal interface IFloatFormat<TSelf> : IBlockFormat<TSelf>
    where TSelf : unmanaged, IFloatFormat<TSelf>
{
    /// <summary>The value.</summary>
    static abstract float ToSingle(TSelf value);

    /// <summary>What sums of loaded values times scaled activations lack.</summary>
    static abstract float Unit { get; }

    /// <summary>The values of one column of a row group; half precision 2^112 times too small.</summary>
    static abstract unsafe TF Load<TLanes, TI, TF>(byte* column)
        where TLanes : struct, IWordLanes<TI, TF>
        where TI : struct
        where TF : unmanaged;
}

/// <summary>Blocks of 32 small integers with a scale, multiplied with int8 activations.</summary>
internal interface IQuantizedFormat<TSelf> : IBlockFormat<TSelf>
    where TSelf : unmanaged, IQuantizedFormat<TSelf>
{
    /// <summary>Adds the dot product of one block: what every faster path must compute.</summary>
    static abstract float AddDot(float sum, in TSelf weights, in ActivationBlock x);
}

/// <summary>Quantised blocks of small unsigned integers, which one packed kernel serves.</summary>
internal interface IUnsignedFormat<TSelf> : IQuantizedFormat<TSelf>
    where TSelf : unmanaged, IUnsignedFormat<TSelf>
{
    /// <summary>Columns <c>4 quad .. 4 quad + 3</c> of a block of a row group, as bytes.</summary>
    /// <param name="words">The block's first 32-bit words, R of each.</param>
    /// <param name="quad">From 0 to 7; a constant when inlined.</param>
    static abstract unsafe TI Quad<TLanes, TI, TF>(byte* words, int quad)
        where TLanes : struct, IWordLanes<TI, TF>
        where TI : struct
        where TF : unmanaged;

    /// <summary>Products of the eight quads with one token's block, summed per row.</summary>
    static abstract unsafe TI Dot<TDots, TI>(TI q0, TI q1, TI q2, TI q3, TI q4, TI q5, TI q6, TI q7, sbyte* x)
        where TDots : struct, IDots<TI>
        where TI : struct;

    /// <summary>Adds a block's dot product to the sums of its rows.</summary>
    /// <param name="sum">Sums so far.</param>
    /// <param name="dot">From <c>Dot</c>.</param>
    /// <param name="scale">The rows' scales.</param>
    /// <param name="minimum">An eighth of the rows' minimums, where the format has them.</param>
    /// <param name="xScale">The activation block's scale.</param>
    /// <param name="xOffset">The activation block's offset.</param>
    static abstract TF Add<TLanes, TI, TF>(TF sum, TF dot, TF scale, TF minimum, float xScale, float xOffset)
        where TLanes : struct, IWordLanes<TI, TF>
        where TI : struct
        where TF : unmanaged;
}

/// <summary>32 activations of one token, rounded to int8.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal struct ActivationBlock
{
    /// <summary>Values of a block.</summary>
    public const int Length = 32;

    /// <summary>The largest magnitude divided by 127.</summary>
    public float Scale;

    /// <summary><c>8 * Scale * sum(Values)</c>: what weights stored with an offset of 8 have to give back.</summary>
    public float Offset;

    /// <summary>Activations divided by the scale.</summary>
    public Values32 Values;

    /// <summary><c>-128 * sum(Values)</c>: what products with weights made larger by 128 have to give back.</summary>
    public int Surplus;
}

/// <summary>32 signed bytes.</summary>
[InlineArray(32)]
internal struct Values32
{
    private sbyte _first;
}

/// <summary>32 nibbles: byte i holds value i in its low half and value i + 16 in its high half.</summary>
[InlineArray(16)]
internal struct Nibbles32
{
    private byte _first;
}
