using System.Runtime.InteropServices;
using Minka.Compute.Formats;

namespace Minka.Compute.Kernels.Code;

/// <summary>Writes the functions that multiply packed row groups of sixteen with int8 blocks (AVX512_VNNI).</summary>
/// <remarks>
/// A block of a group meets all tokens of a call: eight registers hold its quads as unsigned bytes, one its scales,
/// one its minimums, and each token one for its sums: a token costs eight instructions of 64 products and four more.
/// Sums are those of the C# kernel of the same width, bit by bit: integers are exact and floats come in the same order.
/// </remarks>
internal sealed class ProductCode
{
    /// <summary>Tokens of one call, at most: as many sums as registers are left.</summary>
    public const int TokensMax = 16;

    /// <summary>Rows of a group.</summary>
    public const int Rows = 16;

    private const int Quads = 8, VectorBytes = 64, CacheLine = 64;
    private const int PrefetchDistance = 2304;

    // Registers: quads 0 to 7, then these; sums from 16 on.
    private const int Scale = 8, Minimum = 9, Dots = 10, DotsAtOnce = 4, Offset = 14, Spare = 15, Sums = 16;
    private const Gpr Call = Gpr.Rdi, W = Gpr.Rax, X = Gpr.Rdx, Target = Gpr.R8;
    private const Gpr BlocksLeft = Gpr.Rcx, GroupsLeft = Gpr.R9;

    private static readonly int BlockStride = Marshal.SizeOf<ActivationBlock>();
    private static readonly int ScaleAt = At<ActivationBlock>(nameof(ActivationBlock.Scale));
    private static readonly int OffsetAt = At<ActivationBlock>(nameof(ActivationBlock.Offset));
    private static readonly int ValuesAt = At<ActivationBlock>(nameof(ActivationBlock.Values));
    private static readonly int SurplusAt = At<ActivationBlock>(nameof(ActivationBlock.Surplus));

    private readonly Assembler _code = new();
    private readonly DType _type;
    private readonly int _halves, _blockBytes, _tokens;

    private ProductCode(DType type, int tokens)
    {
        (_type, _tokens) = (type, tokens);
        _halves = BlockFormats.Of(type).Halves;
        _blockBytes = type.BlockBytes() * Rows;
    }

    /// <summary>A function of one pointer to a <see cref="ProductCall"/>.</summary>
    /// <param name="type">How the weights are stored: blocks of 32.</param>
    /// <param name="tokens">From 1 to <see cref="TokensMax"/>.</param>
    public static byte[] Write(DType type, int tokens)
    {
        var code = new ProductCode(type, tokens);
        code.Function();
        return code._code.ToArray();
    }

    private bool HasFifthBits => _type is DType.Q5_0 or DType.Q5_1;

    private int Words => 2 * _halves * Rows;

    /// <summary>By how many of its offsets a product is too large.</summary>
    private int Offsets => _type switch { DType.Q4_0 => 1, DType.Q5_0 => 2, _ => 0 };

    private void Function()
    {
        _code.Load(W, Call, At<ProductCall>(nameof(ProductCall.Weights)));
        _code.Load(Target, Call, At<ProductCall>(nameof(ProductCall.Sums)));
        _code.Load(GroupsLeft, Call, At<ProductCall>(nameof(ProductCall.Groups)));
        var group = _code.Position;
        _code.Load(X, Call, At<ProductCall>(nameof(ProductCall.Activations)));
        _code.Load(BlocksLeft, Call, At<ProductCall>(nameof(ProductCall.Blocks)));
        for (var t = 0; t < _tokens; t++) _code.Clear(Sums + t);
        _code.Align(CacheLine);

        var block = _code.Position;
        Block();
        _code.Add(W, _blockBytes);
        _code.Add(X, Call, At<ProductCall>(nameof(ProductCall.ActivationStride)));
        _code.Decrement(BlocksLeft);
        _code.JumpIfNotZero(block);

        for (var t = 0; t < _tokens; t++)
        {
            _code.Store(Target, 0, Sums + t);
            _code.Add(Target, Call, At<ProductCall>(nameof(ProductCall.TokenStride)));
        }
        _code.Add(Target, Call, At<ProductCall>(nameof(ProductCall.GroupStep)));
        _code.Decrement(GroupsLeft);
        _code.JumpIfNotZero(group);
        _code.Return();
    }

    private void Block()
    {
        for (var at = 0; at < _blockBytes; at += CacheLine) _code.Prefetch(W, PrefetchDistance + at);
        _code.LoadHalves(Scale, new Place(W, 0));
        if (_halves > 1)
        {
            _code.LoadHalves(Minimum, new Place(W, 2 * Rows));
            _code.Multiply(Minimum, Minimum, Constant(nameof(ProductConstants.Eighth)));
        }
        if (_type == DType.Q8_0) LoadBytes();
        else UnpackNibbles();
        for (var first = 0; first < _tokens; first += DotsAtOnce) Tokens(first, Math.Min(DotsAtOnce, _tokens - first));
    }

    // Their signs were turned when they were packed.
    private void LoadBytes()
    {
        for (var q = 0; q < Quads; q++) _code.Load(q, W, Words + (q * VectorBytes));
    }

    private void UnpackNibbles()
    {
        var first = Words + (HasFifthBits ? VectorBytes : 0);
        for (var q = 0; q < Quads / 2; q++)
        {
            _code.Load(q, W, first + (q * VectorBytes));
            _code.ShiftRight(q + 4, q, 4);
            _code.And(q, q, Constant(nameof(ProductConstants.LowNibbles)));
            _code.And(q + 4, q + 4, Constant(nameof(ProductConstants.LowNibbles)));
        }
        if (!HasFifthBits) return;

        _code.Load(Spare, W, Words);
        for (var q = 0; q < Quads; q++)
        {
            // Four bits of the word, one for each byte of the quad.
            _code.ShiftRight(Dots, Spare, 4 * q);
            _code.And(Dots, Dots, Constant(nameof(ProductConstants.FourBits)));
            _code.MultiplyWords(Dots, Dots, Constant(nameof(ProductConstants.Spread)));
            _code.And(Dots, Dots, Constant(nameof(ProductConstants.LowBits)));
            _code.ShiftLeft(Dots, Dots, 4);
            _code.Or(q, q, Dots);
        }
    }

    // Side by side, so that no sum waits for its last addition; one or two tokens have two sums each for that.
    private void Tokens(int first, int count)
    {
        var parts = count <= DotsAtOnce / 2 ? 2 : 1;
        for (var d = 0; d < count * parts; d++)
            if (d < count && _type == DType.Q8_0) _code.Broadcast(Dots + d, X, BlockAt(first + d) + SurplusAt);
            else _code.Clear(Dots + d);
        for (var q = 0; q < Quads; q++)
            for (var t = 0; t < count; t++)
            {
                var place = new Place(X, BlockAt(first + t) + ValuesAt + (4 * q), IsBroadcast: true);
                _code.DotBytes(Dots + t + (q % parts * count), q, place);
            }
        for (var t = 0; t < count; t++)
        {
            if (parts > 1) _code.AddWords(Dots + t, Dots + t, Dots + t + count);
            Finish(Dots + t, Sums + first + t, BlockAt(first + t));
        }
    }

    private void Finish(int dot, int sum, int block)
    {
        var scale = new Place(X, block + ScaleAt, IsBroadcast: true);
        _code.ToSingle(dot, dot);
        if (Offsets == 0) _code.Multiply(dot, dot, scale);
        else
        {
            _code.Broadcast(Offset, X, block + OffsetAt);
            if (Offsets == 2) _code.Add(Offset, Offset, Offset);
            _code.MultiplySubtract(dot, Offset, scale);
        }
        _code.MultiplyAdd(sum, dot, Scale);
        if (_halves > 1) _code.MultiplyAdd(sum, Minimum, new Place(X, block + OffsetAt, IsBroadcast: true));
    }

    private static int BlockAt(int token) => token * BlockStride;

    private static Place Constant(string name) =>
        new(Call, At<ProductCall>(nameof(ProductCall.Constants)) + At<ProductConstants>(name), IsBroadcast: true);

    private static int At<T>(string field) => (int)Marshal.OffsetOf<T>(field);
}
