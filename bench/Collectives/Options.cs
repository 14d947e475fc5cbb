using System.Globalization;
using System.Net;

namespace Minka.Bench.Collectives;

/// <summary>What to measure, and as which rank.</summary>
internal sealed record Options
{
    public IReadOnlyList<int> Sizes { get; private set; } = [2, 4, 8];

    public IReadOnlyList<string> Wires { get; private set; } = ["f32", "q8"];

    public int BytesMax { get; private set; } = 16 << 20;

    public double Seconds { get; private set; } = 0.3;

    public int Rank { get; private set; } = -1;

    public IPEndPoint? Listen { get; private set; }

    public IReadOnlyList<EndPoint> Peers { get; private set; } = [];

    public string KeyFile { get; private set; } = "";

    /// <returns>Null if something is unknown.</returns>
    public static Options? Parse(string[] args)
    {
        var options = new Options();
        for (var i = 0; i + 1 < args.Length; i += 2)
            if (!options.Set(args[i], args[i + 1])) return null;
        return args.Length % 2 == 0 ? options : null;
    }

    private bool Set(string name, string value)
    {
        switch (name)
        {
            case "--ranks": Sizes = [.. value.Split(',').Select(Whole)]; return true;
            case "--wires": Wires = value.Split(','); return true;
            case "--bytes-max": BytesMax = Whole(value); return true;
            case "--seconds": Seconds = double.Parse(value, CultureInfo.InvariantCulture); return true;
            case "--rank": Rank = Whole(value); return true;
            case "--listen": Listen = IPEndPoint.Parse(value); return true;
            case "--peers": Peers = [.. value.Split(',').Select(IPEndPoint.Parse)]; return true;
            case "--key": KeyFile = value; return true;
            default: return false;
        }
    }

    private static int Whole(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
