namespace Minka.Compute.Kernels;

/// <summary>
/// What a packed product needs besides: registers as R 32-bit words; lane r belongs to row r of a row group. As bytes,
/// lane r holds four consecutive columns of row r: a quad.
/// </summary>
/// <typeparam name="TI">R integers, or 4R bytes.</typeparam>
/// <typeparam name="TF">R floats.</typeparam>
internal unsafe interface IWordLanes<TI, TF> : ILanes<TF>
    where TI : struct
    where TF : unmanaged
{
    /// <summary>R words as they lie.</summary>
    static abstract TI LoadWords(byte* words);

    /// <summary>R brain floats, widened.</summary>
    static abstract TF LoadBrainFloats(byte* values);

    /// <summary>The low nibble of every byte.</summary>
    static abstract TI LowNibbles(TI bytes);

    /// <summary>The high nibble of every byte, moved down.</summary>
    static abstract TI HighNibbles(TI bytes);

    /// <summary>Bits <c>4 quad .. 4 quad + 3</c> of each lane, one per byte, as 0 or 16.</summary>
    static abstract TI FifthBits(TI words, int quad);

    /// <summary>Bitwise or.</summary>
    static abstract TI Or(TI a, TI b);

    /// <summary>Every lane as a float.</summary>
    static abstract TF ToSingle(TI integers);

    /// <summary><c>a * b - c</c>, rounded once where the CPU can.</summary>
    static abstract TF MultiplySubtract(TF a, TF b, TF c);
}
