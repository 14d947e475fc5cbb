using Minka.Compute;

namespace Minka.Models.Loading;

/// <summary>
/// Experts that a file keeps otherwise, as one weight: <c>blk.N.ffn_gate_exps</c> has the rows of
/// <c>blk.N.ffn_gate.0</c>, below them those of <c>blk.N.ffn_gate.1</c>, and so on; or of each expert of
/// <c>blk.N.ffn_gate_up_exps</c> the upper half, whose lower one is <c>blk.N.ffn_up_exps</c>.
/// </summary>
internal sealed class ExpertStack : IWeightSource
{
    private const string Ending = "_exps.weight", Gate = "ffn_gate_exps.weight", Up = "ffn_up_exps.weight",
        Both = "ffn_gate_up_exps.weight";

    /// <summary>Where the rows of each expert begin.</summary>
    private readonly (IWeightSource Source, int First)[] _experts;

    private readonly int _each;

    private ExpertStack(string name, (IWeightSource Source, int First)[] experts, int each) =>
        (Name, _experts, _each) = (name, experts, each);

    public string Name { get; }

    public DType Type => _experts[0].Source.Type;

    public int Rows => _experts.Length * _each;

    public int Columns => _experts[0].Source.Columns;

    /// <summary>Whether a name is that of all experts of a layer.</summary>
    public static bool IsName(string name) => name.EndsWith(Ending, StringComparison.Ordinal);

    /// <summary>Stacks the experts of a layer; null if the file keeps none of them so.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="name">Of which <see cref="IsName"/> holds.</param>
    /// <param name="experts">How many there must be; their rows together are known to fit 31 bits.</param>
    /// <param name="find">Finds a weight by the name of one of them.</param>
    /// <exception cref="ModelFormatException">One is missing, or unlike the others.</exception>
    public static ExpertStack? Find(string path, string name, int experts, Func<string, IWeightSource?> find) =>
        experts == 0 ? null : OfHalves(path, name, experts, find) ?? OneByOne(path, name, experts, find);

    private static ExpertStack? OfHalves(string path, string name, int experts, Func<string, IWeightSource?> find)
    {
        var half = name.EndsWith(Gate, StringComparison.Ordinal) ? Gate
            : name.EndsWith(Up, StringComparison.Ordinal) ? Up
            : null;
        if (half is null || find(name[..^half.Length] + Both) is not { } both) return null;

        if (both.Rows % (2L * experts) != 0)
            throw new ModelFormatException($"'{both.Name}' of '{path}' has {both.Rows} rows; gate and up of {experts} "
                + $"experts have a multiple of {2L * experts}.");
        var each = both.Rows / 2 / experts;
        var below = half == Up ? each : 0;
        return new(name, [.. Enumerable.Range(0, experts).Select(i => (both, (2 * i * each) + below))], each);
    }

    private static ExpertStack? OneByOne(string path, string name, int experts, Func<string, IWeightSource?> find)
    {
        var stem = name[..^Ending.Length];
        if (find($"{stem}.0.weight") is not { } first) return null;

        var found = new (IWeightSource, int)[experts];
        for (var i = 0; i < experts; i++)
        {
            var expert = i == 0 ? first : find($"{stem}.{i}.weight")
                ?? throw new ModelFormatException($"'{path}' has '{first.Name}', but of {experts} experts the one "
                    + $"numbered {i} is missing; the file is incomplete, fetch it again.");
            if (expert.Rows != first.Rows || expert.Columns != first.Columns || expert.Type != first.Type)
                throw new ModelFormatException($"'{expert.Name}' of '{path}' is {expert.Type} [{expert.Rows}, "
                    + $"{expert.Columns}] and '{first.Name}' is {first.Type} [{first.Rows}, {first.Columns}]; experts "
                    + "of a layer are alike.");
            found[i] = (expert, 0);
        }
        return new ExpertStack(name, found, first.Rows);
    }

    public void ReadRows(int first, int count, Span<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)first + count, Rows);
        var rowBytes = (int)Type.RowBytes(Columns);
        while (count > 0)
        {
            var (expert, row) = Math.DivRem(first, _each);
            var rows = Math.Min(count, _each - row);
            var (source, begin) = _experts[expert];
            source.ReadRows(begin + row, rows, bytes[..(rows * rowBytes)]);
            bytes = bytes[(rows * rowBytes)..];
            first += rows;
            count -= rows;
        }
    }
}
