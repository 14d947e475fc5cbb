using System.Globalization;

namespace Minka.Bench.Kernels;

/// <summary>Options of a bench, <c>--name value</c>.</summary>
internal sealed class BenchOptions(string[] args)
{
    public string Text(string name, string otherwise) =>
        Array.IndexOf(args, name) is >= 0 and var i && i + 1 < args.Length ? args[i + 1] : otherwise;

    public int[] Numbers(string name, string otherwise) =>
        [.. Text(name, otherwise).Split(',').Select(n => int.Parse(n, CultureInfo.InvariantCulture))];
}
