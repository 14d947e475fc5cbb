namespace Minka.Collectives;

/// <summary>A stream over a connection: it has no length, no position, and cannot be sought in.</summary>
public abstract class ConnectionStream : Stream
{
    /// <inheritdoc/>
    public sealed override bool CanRead => true;

    /// <inheritdoc/>
    public sealed override bool CanWrite => true;

    /// <inheritdoc/>
    public sealed override bool CanSeek => false;

    /// <summary>None.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    public sealed override long Length => throw new NotSupportedException("A connection has no length.");

    /// <summary>None.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    public sealed override long Position
    {
        get => throw new NotSupportedException("A connection has no position.");
        set => throw new NotSupportedException("A connection has no position.");
    }

    /// <summary>Not possible.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    public sealed override long Seek(long offset, SeekOrigin origin) =>
        throw new NotSupportedException("A connection cannot be sought in.");

    /// <summary>Not possible.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    public sealed override void SetLength(long value) => throw new NotSupportedException("A connection has no length.");
}
