namespace Minka.Compute.Kernels.MatMul;

/// <summary>
/// Integer dot products of the 32 columns of R rows with 32 signed bytes, exact: the part that instruction sets of one
/// width differ in. Quad i holds columns <c>4i .. 4i + 3</c> of each row.
/// </summary>
/// <typeparam name="TI">R integers, or 4R bytes.</typeparam>
internal unsafe interface IDots<TI>
    where TI : struct
{
    /// <summary>
    /// By how many activation offsets of 8 a signed product comes out too large, because weights were made unsigned.
    /// </summary>
    static virtual float SignedOffset => 0;

    /// <summary>Columns unsigned, at most 15.</summary>
    static abstract TI Dot4(TI q0, TI q1, TI q2, TI q3, TI q4, TI q5, TI q6, TI q7, sbyte* x);

    /// <summary>Columns unsigned, at most 31.</summary>
    static abstract TI Dot5(TI q0, TI q1, TI q2, TI q3, TI q4, TI q5, TI q6, TI q7, sbyte* x);

    /// <summary>Columns signed, as they are stored: for one token.</summary>
    static abstract TI Dot8(byte* words, sbyte* x);

    /// <summary>What a signed quad becomes before it meets many tokens.</summary>
    static virtual TI Magnitudes(TI quad) => quad;

    /// <summary>What else of a signed quad is needed at each token; unused where magnitudes suffice.</summary>
    static virtual TI Signs(TI quad) => default;

    /// <summary>What all tokens' products lack, of the magnitudes and signs of eight quads; unused where nothing
    /// does.</summary>
    static virtual TI Correction(
        TI m0, TI m1, TI m2, TI m3, TI m4, TI m5, TI m6, TI m7,
        TI s0, TI s1, TI s2, TI s3, TI s4, TI s5, TI s6, TI s7) =>
        default;

    /// <summary>
    /// Columns signed: magnitudes and signs of eight quads, the correction, the quads as stored, 32 activations.
    /// </summary>
    static abstract TI Dot8(
        TI m0, TI m1, TI m2, TI m3, TI m4, TI m5, TI m6, TI m7,
        TI s0, TI s1, TI s2, TI s3, TI s4, TI s5, TI s6, TI s7, TI correction, byte* words, sbyte* x);
}
