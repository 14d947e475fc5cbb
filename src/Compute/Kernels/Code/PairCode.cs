using System.Runtime.InteropServices;
using Minka.Compute.Formats;

namespace Minka.Compute.Kernels.Code;

/// <summary>Writes the functions that multiply packed row groups of eight with int8 blocks (AVX2, FMA, F16C).</summary>
/// <remarks>
/// Two groups meet up to four tokens, whose eight dot products of a block grow in registers side by side: an activation
/// is read once for both groups, a weight once for all tokens, and no sum waits for its own last addition. What this
/// does in C# stands in <see cref="MatMul.PairDots256"/>; sums have the same bits.
/// </remarks>
internal sealed class PairCode
{
    /// <summary>Tokens of one call, at least and at most.</summary>
    public const int TokensMin = 2, TokensMax = 4;

    /// <summary>Groups that are multiplied at once, at most.</summary>
    public const int GroupsMax = 2;

    /// <summary>Rows of a group.</summary>
    public const int Rows = 8;

    /// <summary>Bytes for the sums of a call.</summary>
    public const int RoomBytes = TokensMax * GroupsMax * VectorBytes;

    private const int Quads = 8, VectorBytes = 32, CacheLine = 64;

    private const Gpr Call = Gpr.Rdi, X = Gpr.Rdx, Target = Gpr.R8, Room = Gpr.R11;
    private const Gpr BlocksLeft = Gpr.Rcx;

    // Dot products of a block come first, [group][token]. Weights are two registers of each group: the low and the high
    // nibbles of a word, or bytes and their magnitudes; later the group's scales and minimums.
    private static readonly Ymm Weights = new(8), Activation = new(12), Spare = new(13), Constant = new(15);
    private static readonly Ymm Offset = new(13), Ones = new(14);

    private static readonly int BlockStride = Marshal.SizeOf<ActivationBlock>();
    private static readonly int ScaleAt = At<ActivationBlock>(nameof(ActivationBlock.Scale));
    private static readonly int OffsetAt = At<ActivationBlock>(nameof(ActivationBlock.Offset));
    private static readonly int ValuesAt = At<ActivationBlock>(nameof(ActivationBlock.Values));

    private readonly Assembler _code = new();
    private readonly DType _type;
    private readonly int _halves, _blockBytes, _groups, _tokens;
    private Action? _addition;
    private int _spares;

    private PairCode(DType type, int groups, int tokens)
    {
        (_type, _groups, _tokens) = (type, groups, tokens);
        _halves = BlockFormats.Of(type).Halves;
        _blockBytes = type.BlockBytes() * Rows;
    }

    /// <summary>Whether there are functions for weights of that format.</summary>
    public static bool Knows(DType type) => type is DType.Q4_0 or DType.Q4_1 or DType.Q8_0;

    /// <summary>A function of one pointer to a <see cref="ProductCall"/>.</summary>
    /// <param name="type">How the weights are stored.</param>
    /// <param name="groups">1 or 2.</param>
    /// <param name="tokens">From <see cref="TokensMin"/> to <see cref="TokensMax"/>.</param>
    public static byte[] Write(DType type, int groups, int tokens)
    {
        var code = new PairCode(type, groups, tokens);
        code.Function();
        return code._code.ToArray();
    }

    // Otherwise nibbles, whose pairs are summed in 16 bits.
    private bool HasBytes => _type == DType.Q8_0;

    private int Words => 2 * _halves * Rows;

    private void Function()
    {
        _code.Load(W(0), Call, At<ProductCall>(nameof(ProductCall.Weights)));
        _code.Load(Target, Call, At<ProductCall>(nameof(ProductCall.Sums)));
        _code.Load(Room, Call, At<ProductCall>(nameof(ProductCall.Room)));
        _code.Broadcast(Constant, Call, Constants(
            HasBytes ? nameof(ProductConstants.Ones) : nameof(ProductConstants.LowNibbles)));
        var group = _code.Position;
        Begin();
        _code.Align(CacheLine);

        var block = _code.Position;
        Block();
        for (var g = 0; g < _groups; g++)
        {
            _code.Add(W(g), _blockBytes);
            _code.Add(Later(g), _blockBytes);
        }
        _code.Add(X, Call, At<ProductCall>(nameof(ProductCall.ActivationStride)));
        _code.Decrement(BlocksLeft);
        _code.JumpIfNotZero(block);

        for (var t = 0; t < _tokens; t++)
        {
            for (var g = 0; g < _groups; g++)
            {
                _code.Load(Spare, Room, RoomAt(g, t));
                _code.Store(Target, g * VectorBytes, Spare);
            }
            _code.Add(Target, Call, At<ProductCall>(nameof(ProductCall.TokenStride)));
        }
        _code.Add(Target, Call, At<ProductCall>(nameof(ProductCall.GroupStep)));
        // The next group follows the last one's end.
        if (_groups > 1) _code.Set(W(0), W(1));
        _code.Decrement(Call, At<ProductCall>(nameof(ProductCall.Groups)));
        _code.JumpIfNotZero(group);
        _code.Return();
    }

    private void Begin()
    {
        _code.Load(X, Call, At<ProductCall>(nameof(ProductCall.Activations)));
        _code.Load(BlocksLeft, Call, At<ProductCall>(nameof(ProductCall.Blocks)));
        if (_groups > 1)
        {
            _code.Set(W(1), W(0));
            _code.Add(W(1), Call, At<ProductCall>(nameof(ProductCall.GroupBytes)));
        }
        for (var g = 0; g < _groups; g++)
        {
            _code.Set(Later(g), W(g));
            _code.Add(Later(g), Call, At<ProductCall>(nameof(ProductCall.Ahead)));
        }
        _code.Clear(Spare);
        for (var i = 0; i < _groups * _tokens; i++) _code.Store(Room, i * VectorBytes, Spare);
    }

    private void Block()
    {
        for (var g = 0; g < _groups; g++)
            for (var at = 0; at < _blockBytes; at += CacheLine) _code.Prefetch(Later(g), at);
        if (HasBytes) Bytes();
        else Nibbles();
        _addition?.Invoke();
        _addition = null;
        for (var g = 0; g < _groups; g++)
        {
            _code.LoadHalves(Low(g), W(g), 0);
            if (_halves > 1) _code.LoadHalves(High(g), W(g), 2 * Rows);
        }
        if (!HasBytes) _code.Broadcast(Ones, Call, Constants(nameof(ProductConstants.Ones)));
        if (_halves > 1)
        {
            _code.Broadcast(Offset, Call, Constants(nameof(ProductConstants.Eighth)));
            for (var g = 0; g < _groups; g++) _code.Multiply(High(g), High(g), Offset);
        }
        for (var t = 0; t < _tokens; t++) Finish(t);
    }

    private void Bytes()
    {
        for (var q = 0; q < Quads; q++)
        {
            for (var g = 0; g < _groups; g++)
            {
                _code.Load(Low(g), W(g), Words + (q * VectorBytes));
                _code.Abs(High(g), Low(g));
            }
            for (var t = 0; t < _tokens; t++)
            {
                _code.Broadcast(Activation, X, ActivationsAt(t, q));
                for (var g = 0; g < _groups; g++)
                {
                    // The weight's sign moves to the activation, because the instruction wants one factor unsigned.
                    var (spare, dot) = (NextSpare(), Dot(g, t));
                    _code.Sign(spare, Activation, Low(g));
                    _code.MultiplyPairs(spare, High(g), spare);
                    _code.MultiplyWide(q == 0 ? dot : spare, spare, Constant);
                    if (q > 0) AddLater(() => _code.AddWords(dot, dot, spare));
                }
            }
        }
    }

    // Eight sums of two products: 8 * 2 * 15 * 127 = 30 480 fits 16 bits.
    private void Nibbles()
    {
        for (var word = 0; word < Quads / 2; word++)
        {
            for (var g = 0; g < _groups; g++)
            {
                _code.Load(Low(g), W(g), Words + (word * VectorBytes));
                _code.ShiftRight(High(g), Low(g), 4);
                _code.And(Low(g), Low(g), Constant);
                _code.And(High(g), High(g), Constant);
            }
            for (var q = word; q < Quads; q += Quads / 2)
                for (var t = 0; t < _tokens; t++)
                {
                    _code.Broadcast(Activation, X, ActivationsAt(t, q));
                    for (var g = 0; g < _groups; g++)
                    {
                        var (spare, dot) = (NextSpare(), Dot(g, t));
                        _code.MultiplyPairs(q == 0 ? dot : spare, q == word ? Low(g) : High(g), Activation);
                        if (q > 0) AddLater(() => _code.AddShorts(dot, dot, spare));
                    }
                }
        }
    }

    private void Finish(int token)
    {
        _code.Broadcast(Activation, X, (token * BlockStride) + ScaleAt);
        if (!HasBytes) _code.Broadcast(Offset, X, (token * BlockStride) + OffsetAt);
        for (var g = 0; g < _groups; g++)
        {
            var dot = Dot(g, token);
            if (!HasBytes) _code.MultiplyWide(dot, dot, Ones);
            _code.ToSingle(dot, dot);
            if (_type == DType.Q4_0) _code.MultiplySubtract(dot, Activation, Offset);
            else _code.Multiply(dot, dot, Activation);
            _code.MultiplyAddTo(dot, Low(g), Room, RoomAt(g, token));
            if (_halves > 1) _code.MultiplyAdd(dot, High(g), Offset);
            _code.Store(Room, RoomAt(g, token), dot);
        }
    }

    // One step after its product, which takes three cycles.
    private void AddLater(Action addition)
    {
        _addition?.Invoke();
        _addition = addition;
    }

    private Ymm NextSpare() => Spare + (_spares++ % 2);

    private static Ymm Dot(int group, int token) => new((group * TokensMax) + token);

    private static Ymm Low(int group) => Weights + (2 * group);

    private static Ymm High(int group) => Weights + ((2 * group) + 1);

    private static Gpr W(int group) => group == 0 ? Gpr.Rax : Gpr.R10;

    private static Gpr Later(int group) => group == 0 ? Gpr.Rsi : Gpr.R9;

    private int RoomAt(int group, int token) => ((group * _tokens) + token) * VectorBytes;

    private static int ActivationsAt(int token, int quad) => (token * BlockStride) + ValuesAt + (4 * quad);

    private static int Constants(string name) =>
        At<ProductCall>(nameof(ProductCall.Constants)) + At<ProductConstants>(name);

    private static int At<T>(string field) => (int)Marshal.OffsetOf<T>(field);
}
