using System.CommandLine;
using System.Globalization;

namespace Minka.Cli.Machines;

/// <summary>Workers named on the command line.</summary>
internal static class WorkerList
{
    private const int WorkersMax = 256;

    public static Argument<string> Argument() => new("workers")
    {
        HelpName = "HOST:PORT,...",
        Description = "Machines, each with minka worker.",
    };

    /// <exception cref="UsageException">One of them is no address, or stands there twice.</exception>
    public static IReadOnlyList<string> Read(string text)
    {
        var addresses = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (addresses.Length is 0 or > WorkersMax)
            throw new UsageException($"There are {addresses.Length} workers; name 1 to {WorkersMax}, commas between.");
        foreach (var address in addresses)
        {
            var colon = address.LastIndexOf(':');
            if (colon <= 0 || !ushort.TryParse(address.AsSpan(colon + 1), NumberStyles.None,
                CultureInfo.InvariantCulture, out _))
                throw new UsageException($"'{address}' is not host:port, such as pi1:9000.");
        }
        return addresses.Distinct().Count() == addresses.Length
            ? addresses
            : throw new UsageException("A worker is named twice; name each once.");
    }
}
