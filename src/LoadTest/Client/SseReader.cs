namespace Minka.LoadTest.Client;

/// <summary>
/// Server-sent events of a stream, each with the time its bytes came in. Lines end with LF, CR or CRLF; comments and
/// fields other than <c>data</c> are dropped, data lines of one event are joined with LF.
/// </summary>
/// <param name="stream">Body of the answer.</param>
/// <param name="time">Clock.</param>
internal sealed class SseReader(Stream stream, TimeProvider time)
{
    /// <summary>Bytes that a line, and the data of an event, may have.</summary>
    public const int BytesMax = 1 << 20;

    private byte[] _buffer = new byte[16 << 10];
    private int _start;
    private int _end;
    private bool _isAfterReturn;
    private byte[] _data = new byte[4 << 10];
    private int _dataLength;
    private bool _hasData;

    /// <summary>When the bytes of the last event came in, as the clock's timestamp.</summary>
    public long ArrivedAt { get; private set; }

    /// <summary>Data of the last event; valid until the next is read.</summary>
    public ReadOnlyMemory<byte> Data => _data.AsMemory(0, _dataLength);

    /// <summary>Reads the next event.</summary>
    /// <returns>False at the end of the stream. An event that no blank line ends is dropped, as browsers do.</returns>
    /// <exception cref="StreamFaultException">A line or an event is longer than <see cref="BytesMax"/>.</exception>
    public async ValueTask<bool> ReadAsync(CancellationToken cancellation)
    {
        (_dataLength, _hasData) = (0, false);
        while (true)
        {
            while (NextLine() is { } line)
            {
                if (line.Length > 0) Take(_buffer.AsSpan(line.Start, line.Length));
                else if (_hasData) return true;
            }
            if (!await FillAsync(cancellation)) return false;
        }
    }

    /// <summary>The next whole line of the buffer; null if it is not whole yet.</summary>
    private (int Start, int Length)? NextLine()
    {
        if (_isAfterReturn && _start < _end)
        {
            if (_buffer[_start] == '\n') _start++;
            _isAfterReturn = false;
        }
        var length = _buffer.AsSpan(_start, _end - _start).IndexOfAny((byte)'\n', (byte)'\r');
        if (length < 0) return null;
        var start = _start;
        _start += length + 1;
        _isAfterReturn = _buffer[start + length] == '\r';
        return (start, length);
    }

    private void Take(ReadOnlySpan<byte> line)
    {
        if (!line.StartsWith("data"u8)) return;
        line = line[4..];
        if (line.Length > 0 && line[0] != ':') return; // another field that begins alike
        if (line.Length > 0) line = line[1..];
        if (line.Length > 0 && line[0] == ' ') line = line[1..];
        var needed = _dataLength + (_hasData ? 1 : 0) + line.Length;
        if (needed > BytesMax) throw StreamFaultException.TooLong(BytesMax);
        if (needed > _data.Length) Array.Resize(ref _data, Math.Max(needed, 2 * _data.Length));
        if (_hasData) _data[_dataLength++] = (byte)'\n';
        line.CopyTo(_data.AsSpan(_dataLength));
        (_dataLength, _hasData) = (needed, true);
    }

    private async ValueTask<bool> FillAsync(CancellationToken cancellation)
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }
        if (_end == _buffer.Length)
        {
            if (_end >= BytesMax) throw StreamFaultException.TooLong(BytesMax);
            Array.Resize(ref _buffer, Math.Min(BytesMax, 2 * _buffer.Length));
        }
        var read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellation);
        ArrivedAt = time.GetTimestamp();
        _end += read;
        return read > 0;
    }
}
