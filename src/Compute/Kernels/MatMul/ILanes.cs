namespace Minka.Compute.Kernels.MatMul;

/// <summary>
/// The vector operations that a packed product needs, at one width. A vector holds R 32-bit lanes; lane r belongs
/// to row r of a row group. As bytes, lane r holds four consecutive columns of row r: a quad.
/// </summary>
/// <typeparam name="TI">R integers, or 4R bytes.</typeparam>
/// <typeparam name="TF">R floats.</typeparam>
internal unsafe interface ILanes<TI, TF>
    where TI : struct
    where TF : struct
{
    /// <summary>R: rows of a group.</summary>
    static abstract int Count { get; }

    /// <summary>All lanes zero.</summary>
    static abstract TF Zero { get; }

    /// <summary>R words as they lie.</summary>
    static abstract TI Load(byte* words);

    /// <summary>R floats as they lie.</summary>
    static abstract TF Load(float* values);

    /// <summary>R half-precision numbers, widened. Infinities and NaN come out finite.</summary>
    static abstract TF LoadF16(byte* values);

    /// <summary>The same times 2^-112, which is one operation less.</summary>
    static abstract TF LoadSmallF16(byte* values);

    /// <summary>R brain floats, widened.</summary>
    static abstract TF LoadBF16(byte* values);

    /// <summary>Writes R floats.</summary>
    static abstract void Store(float* values, TF vector);

    /// <summary>One float in every lane.</summary>
    static abstract TF Spread(float value);

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

    /// <summary><c>a * b</c>.</summary>
    static abstract TF Multiply(TF a, TF b);

    /// <summary><c>a * b + c</c>, rounded once where the CPU can.</summary>
    static abstract TF MultiplyAdd(TF a, TF b, TF c);

    /// <summary><c>a * b - c</c>, rounded once where the CPU can.</summary>
    static abstract TF MultiplySubtract(TF a, TF b, TF c);
}
