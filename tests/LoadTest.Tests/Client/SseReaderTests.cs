using System.Text;
using Minka.LoadTest.Client;

namespace Minka.LoadTest.Tests.Client;

/// <summary>Events of a stream, however its bytes are cut.</summary>
public sealed class SseReaderTests
{
    [Theory]
    [InlineData("data: a\n\ndata: b\n\n", "a|b")]
    [InlineData("data: a\r\n\r\ndata: b\r\n\r\n", "a|b")]
    [InlineData("data: a\r\rdata: b\r\r", "a|b")]
    [InlineData(": ping\n\ndata:a\n\n: ping\n\n", "a")]
    [InlineData("event: x\nid: 1\nretry: 5\ndata: a\n\n", "a")]
    [InlineData("data: a\ndata: b\n\n", "a\nb")]
    [InlineData("data:  a\n\n", " a")]
    [InlineData("data\n\ndata:\n\n", "|")]
    [InlineData("dataset: x\n\ndata: a\n\n", "a")]
    [InlineData("data: a\n\ndata: cut", "a")]
    [InlineData("\n\n\n", "")]
    [InlineData("", "")]
    public async Task Events_are_read_as_browsers_read_them(string stream, string events)
    {
        Assert.Equal(events, await ReadAsync(stream, 1 << 20));
        Assert.Equal(events, await ReadAsync(stream, 1));
    }

    [Fact]
    public async Task An_event_longer_than_the_buffer_is_whole()
    {
        var text = new string('x', 300_000);

        Assert.Equal(text + "|y", await ReadAsync($"data: {text}\n\ndata: y\n\n", 1000));
    }

    [Theory]
    [InlineData("")]
    [InlineData("data: ")]
    public async Task A_line_without_end_is_refused_before_memory_is(string start)
    {
        var endless = new EndlessStream(start);
        var reader = new SseReader(endless, TimeProvider.System);

        var fault = await Assert.ThrowsAsync<StreamFaultException>(
            async () => await reader.ReadAsync(TestContext.Current.CancellationToken));

        Assert.Equal(FailureKind.LineTooLong, fault.Kind);
        Assert.InRange(endless.BytesRead, 1, 2 * SseReader.BytesMax);
    }

    [Fact]
    public async Task An_event_of_endless_lines_is_refused()
    {
        var lines = string.Concat(Enumerable.Repeat($"data: {new string('x', 10_000)}\n", 200));

        await Assert.ThrowsAsync<StreamFaultException>(() => ReadAsync(lines, 1 << 20));
    }

    private static async Task<string> ReadAsync(string text, int piece)
    {
        var reader = new SseReader(new PieceStream(Encoding.UTF8.GetBytes(text), piece), TimeProvider.System);
        var events = new List<string>();
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
            events.Add(Encoding.UTF8.GetString(reader.Data.Span));
        return string.Join('|', events);
    }

    /// <summary>Gives a few bytes at a time.</summary>
    private sealed class PieceStream(byte[] bytes, int piece) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(piece, buffer.Length)], cancellationToken);
    }

    /// <summary>Gives letters for ever.</summary>
    private sealed class EndlessStream(string start) : MemoryStream
    {
        public long BytesRead { get; private set; }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            buffer.Span.Fill((byte)'x');
            if (BytesRead == 0) Encoding.ASCII.GetBytes(start).CopyTo(buffer.Span);
            BytesRead += buffer.Length;
            return ValueTask.FromResult(buffer.Length);
        }
    }
}
