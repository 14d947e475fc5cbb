using Minka.Compute.Kernels;

namespace Minka.Compute.Cpu;

/// <summary>Activations in main memory.</summary>
internal sealed unsafe class CpuStorage(int rows, int columns) : TensorStorage(rows, columns)
{
    private readonly NativeBuffer _buffer = new(checked((long)rows * columns * sizeof(float)));

    /// <summary>The rows of a tensor.</summary>
    /// <exception cref="ArgumentException">The tensor belongs to another device.</exception>
    public static FloatRows RowsOf(in Tensor tensor)
    {
        if (tensor.Storage is not CpuStorage storage)
            throw new ArgumentException(
                $"A tensor of {tensor.Storage.GetType().Name} reached the CPU; allocate it here.");
        ObjectDisposedException.ThrowIf(storage._buffer.Data is null, storage);
        return new((float*)storage._buffer.Data + tensor.FirstColumn, storage.Columns, tensor.Columns);
    }

    public override void Dispose() => _buffer.Dispose();
}
