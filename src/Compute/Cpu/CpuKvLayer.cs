using Minka.Compute.Kernels;

namespace Minka.Compute.Cpu;

/// <summary>Keys and values of one layer in main memory: <c>[block, kv head, {keys, values}, page]</c>.</summary>
/// <remarks>One head's keys and values of 16 positions lie together, and so do all heads of a block.</remarks>
internal sealed unsafe class CpuKvLayer : KvLayer
{
    private readonly NativeArena.Slice _buffer;

    public CpuKvLayer(KvShape shape, NativeArena arena)
        : base(shape)
    {
        if (shape.Type is not (DType.F32 or DType.F16 or DType.Q8_0))
            throw new ArgumentException($"A KV cache of {shape.Type} was asked for; it can be F32, F16 or Q8_0.");
        if (shape.Type == DType.Q8_0 && shape.HeadDim % 32 != 0)
            throw new ArgumentException($"A Q8_0 KV cache needs heads of a multiple of 32; this model's have "
                + $"{shape.HeadDim}. Use F16.");
        _buffer = arena.Allocate(checked(shape.Blocks * shape.BlockBytes));
    }

    /// <summary>Bytes of a page of keys, and of one of values.</summary>
    public long PageBytes => KvShape.BlockTokens * Shape.Type.RowBytes(Shape.HeadDim);

    /// <summary>Pages of this layer.</summary>
    /// <exception cref="ArgumentException">The layer belongs to another device.</exception>
    public static KvPages PagesOf(KvLayer layer)
    {
        if (layer is not CpuKvLayer own)
            throw new ArgumentException($"A KV cache of {layer.GetType().Name} reached the CPU; allocate it here.");
        ObjectDisposedException.ThrowIf(own._buffer.Data is null, own);
        return new(own._buffer.Data, own.PageBytes, own.Shape.KvHeads, own.Shape.HeadDim);
    }

    /// <summary>Copies one block over another.</summary>
    public void CopyBlock(int source, int target)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)source, (uint)Shape.Blocks, nameof(source));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)target, (uint)Shape.Blocks, nameof(target));
        var bytes = Shape.BlockBytes;
        Buffer.MemoryCopy(_buffer.Data + source * bytes, _buffer.Data + target * bytes, bytes, bytes);
    }

    public override void Dispose() => _buffer.Dispose();
}
