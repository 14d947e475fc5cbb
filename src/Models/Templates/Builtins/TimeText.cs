using System.Globalization;
using Minka.Models.Templates.Rendering;

namespace Minka.Models.Templates.Builtins;

/// <summary>Python's <c>strftime</c> in the C locale, with the flags <c>- _ 0 ^ #</c> of the GNU library.</summary>
internal static class TimeText
{
    /// <summary>The formatted time.</summary>
    public static string Format(Renderer renderer, string format, DateTime time)
    {
        var output = new TextBuffer(renderer.Budget);
        Write(output, format, time);
        return output.ToString();
    }

    private static void Write(TextBuffer output, string format, DateTime time)
    {
        for (var at = 0; at < format.Length;)
        {
            var percent = format.IndexOf('%', at);
            if (percent < 0) percent = format.Length;
            output.Append(format.AsSpan(at, percent - at));
            at = percent;
            if (at >= format.Length) break;
            output.Budget.Step();

            var code = at + 1;
            while (code < format.Length && "-_0^#".Contains(format[code])) code++;
            if (code >= format.Length)
            {
                output.Append(format.AsSpan(at));
                break;
            }

            var flag = code == at + 1 ? '\0' : format[code - 1];
            if (Composite(format[code]) is { } parts) Write(output, parts, time);
            else if (Field(format[code], time) is { } field) output.Append(Flagged(field, flag));
            else output.Append(format.AsSpan(at, code + 1 - at));
            at = code + 1;
        }
    }

    private static string? Composite(char code) => code switch
    {
        'D' or 'x' => "%m/%d/%y",
        'F' => "%Y-%m-%d",
        'T' or 'X' => "%H:%M:%S",
        'R' => "%H:%M",
        'r' => "%I:%M:%S %p",
        'c' => "%a %b %e %H:%M:%S %Y",
        _ => null,
    };

    /// <summary>The text of one field; null for one that is not known.</summary>
    private static string? Field(char code, DateTime time) => code switch
    {
        'Y' => Number(time.Year, 1),
        'y' => Number(time.Year % 100, 2),
        'C' => Number(time.Year / 100, 2),
        'm' => Number(time.Month, 2),
        'd' => Number(time.Day, 2),
        'e' => Number(time.Day, 2, ' '),
        'H' => Number(time.Hour, 2),
        'k' => Number(time.Hour, 2, ' '),
        'I' => Number(Twelve(time.Hour), 2),
        'l' => Number(Twelve(time.Hour), 2, ' '),
        'M' => Number(time.Minute, 2),
        'S' => Number(time.Second, 2),
        'f' => Number((int)(time.TimeOfDay.Ticks % TimeSpan.TicksPerSecond / 10), 6),
        'j' => Number(time.DayOfYear, 3),
        'p' => time.Hour < 12 ? "AM" : "PM",
        'P' => time.Hour < 12 ? "am" : "pm",
        'a' => time.ToString("ddd", CultureInfo.InvariantCulture),
        'A' => time.ToString("dddd", CultureInfo.InvariantCulture),
        'b' or 'h' => time.ToString("MMM", CultureInfo.InvariantCulture),
        'B' => time.ToString("MMMM", CultureInfo.InvariantCulture),
        'u' => Number(time.DayOfWeek == DayOfWeek.Sunday ? 7 : (int)time.DayOfWeek, 1),
        'w' => Number((int)time.DayOfWeek, 1),
        'U' => Number((time.DayOfYear + 6 - (int)time.DayOfWeek) / 7, 2),
        'W' => Number((time.DayOfYear + 6 - (((int)time.DayOfWeek + 6) % 7)) / 7, 2),
        'V' => Number(ISOWeek.GetWeekOfYear(time), 2),
        'G' => Number(ISOWeek.GetYear(time), 1),
        'g' => Number(ISOWeek.GetYear(time) % 100, 2),
        's' => Number((long)(time - DateTime.UnixEpoch).TotalSeconds, 1),
        'n' => "\n",
        't' => "\t",
        '%' => "%",
        'z' or 'Z' => "",
        _ => null,
    };

    private static string Flagged(string field, char flag) => flag switch
    {
        '-' when field.StartsWith('0') || field.StartsWith(' ') => field[..^1].TrimStart('0', ' ') + field[^1],
        '_' when field.StartsWith('0') => (field[..^1].TrimStart('0') + field[^1]).PadLeft(field.Length),
        '0' => field.Replace(' ', '0'),
        '^' => field.ToUpperInvariant(),
        '#' => field is "AM" or "PM" ? field.ToLowerInvariant() : field.ToUpperInvariant(),
        _ => field,
    };

    private static int Twelve(int hour) => hour % 12 == 0 ? 12 : hour % 12;

    private static string Number(long value, int width, char fill = '0') =>
        value.ToString(CultureInfo.InvariantCulture).PadLeft(width, fill);
}
