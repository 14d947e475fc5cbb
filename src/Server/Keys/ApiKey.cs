using System.Globalization;

namespace Minka.Server.Keys;

/// <summary>Who may ask, and how much.</summary>
/// <param name="Name">For logs and fair shares; never the secret.</param>
/// <param name="Secret">What the client shows.</param>
public sealed record ApiKey(string Name, string Secret)
{
    /// <summary>Requests a second; 0 for no limit.</summary>
    public double RequestsPerSecond { get; init; }

    /// <summary>Tokens a minute, of prompts and answers; 0 for no limit.</summary>
    public int TokensPerMinute { get; init; }

    /// <summary>Requests at once; 0 for no limit.</summary>
    public int Concurrency { get; init; }

    /// <summary>Reads a line of a key file: <c>name:secret</c>, then optionally requests a second, tokens a minute and
    /// requests at once, colons between; or a secret alone.</summary>
    /// <param name="line">Not empty.</param>
    /// <param name="number">Of the line, for messages and as a name where there is none.</param>
    /// <exception cref="FormatException">It is neither.</exception>
    public static ApiKey Parse(string line, int number)
    {
        ArgumentNullException.ThrowIfNull(line);
        var parts = line.Split(':');
        if (parts is [var alone]) return Checked(new ApiKey($"key{number}", alone.Trim()), number);
        if (parts.Length > 5)
            throw new FormatException($"Line {number} of the key file has {parts.Length} parts; "
                + "name:secret:requests a second:tokens a minute:requests at once has 5.");
        return Checked(
            new ApiKey(parts[0].Trim(), parts[1].Trim())
            {
                RequestsPerSecond = Number(parts, 2, number),
                TokensPerMinute = (int)Number(parts, 3, number),
                Concurrency = (int)Number(parts, 4, number),
            },
            number);
    }

    // Records print their properties; a secret must not reach a log.
    private bool PrintMembers(System.Text.StringBuilder text)
    {
        text.Append(CultureInfo.InvariantCulture, $"Name = {Name}");
        return true;
    }

    private static ApiKey Checked(ApiKey key, int number) => key is { Name.Length: > 0, Secret.Length: > 0 }
        ? key
        : throw new FormatException($"Line {number} of the key file has an empty name or secret.");

    private static double Number(string[] parts, int at, int line)
    {
        if (at >= parts.Length || parts[at].Trim() is not { Length: > 0 } text) return 0;
        return double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            && number <= int.MaxValue
            ? number
            : throw new FormatException($"Line {line} of the key file has '{text}' as a limit; a number is needed.");
    }
}
