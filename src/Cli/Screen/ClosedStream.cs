using System.Globalization;

namespace Minka.Cli.Screen;

/// <summary>Standard output of a process that was started without one, as <c>&gt;&amp;-</c> does.</summary>
internal sealed class ClosedStream : Stream
{
    private const int CloseOnExec = 0x80000; // O_CLOEXEC, which the kernel writes in octal

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>
    /// The process was started without this stream, whose number then goes to whatever the runtime opens first:
    /// nothing may be written to that or read from it. What the runtime opens is closed when another program takes
    /// the process over; what a process was started with cannot be.
    /// </summary>
    /// <param name="number">0 for the input, 1 for the output, 2 for errors.</param>
    public static bool Is(int number)
    {
        if (!OperatingSystem.IsLinux() || !Directory.Exists("/proc/self/fdinfo")) return false;
        try
        {
            var line = File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fdinfo/{number}"))
                .FirstOrDefault(line => line.StartsWith("flags:", StringComparison.Ordinal));
            return line is not null && (Convert.ToInt32(line["flags:".Length..].Trim(), 8) & CloseOnExec) != 0;
        }
        catch (FileNotFoundException)
        {
            return true;
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => throw new IOException(
        "Standard output is closed, so that nothing can be written; send it somewhere, as in > /dev/null.");

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Flush() { }
}
