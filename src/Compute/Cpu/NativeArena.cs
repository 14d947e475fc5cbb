using System.Diagnostics.CodeAnalysis;

namespace Minka.Compute.Cpu;

/// <summary>
/// Buffers cut one behind the other from large chunks: large pages of memory then serve buffers that are smaller than
/// such a page. A chunk is freed when all of its buffers are.
/// </summary>
internal sealed unsafe class NativeArena
{
    private const long ChunkBytes = 64L << 20;
    private const long Alignment = 128;

    private Chunk? _last;

    /// <summary>Cuts a zeroed buffer. What is not touched takes no memory.</summary>
    public Slice Allocate(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        if (_last is null || !_last.HasRoomFor(bytes)) _last = new Chunk(Math.Max(bytes, ChunkBytes));
        return _last.Cut(bytes);
    }

    /// <summary>A buffer; disposing it gives it up.</summary>
    internal sealed class Slice(Chunk chunk, byte* data) : IDisposable
    {
        /// <summary>First byte; null once disposed.</summary>
        public byte* Data { get; private set; } = data;

        /// <inheritdoc/>
        public void Dispose()
        {
            if (Data is null) return;
            Data = null;
            chunk.GiveUp();
        }
    }

    /// <summary>Memory that slices are cut from, until no slice of it is left.</summary>
    [SuppressMessage("Design", "CA1001", Justification = "The buffer is freed with its last slice.")]
    internal sealed class Chunk(long bytes)
    {
        private readonly NativeBuffer _buffer = new(bytes);
        private long _used;
        private int _slices;

        public bool HasRoomFor(long wanted) => _buffer.Data is not null && wanted <= _buffer.Bytes - _used;

        public Slice Cut(long wanted)
        {
            var slice = new Slice(this, _buffer.Data + _used);
            _used = Math.Min(_buffer.Bytes, _used + (wanted + Alignment - 1) / Alignment * Alignment);
            _slices++;
            return slice;
        }

        public void GiveUp()
        {
            if (--_slices == 0) _buffer.Dispose();
        }
    }
}
