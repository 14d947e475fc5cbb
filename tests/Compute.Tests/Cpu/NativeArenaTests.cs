using Minka.Compute.Cpu;

namespace Minka.Compute.Tests.Cpu;

public unsafe class NativeArenaTests
{
    [Fact]
    public void Slices_are_zeroed_aligned_and_apart()
    {
        var arena = new NativeArena();
        using var a = arena.Allocate(1000);
        using var b = arena.Allocate(1);
        using var huge = arena.Allocate(100L << 20);

        foreach (var slice in (NativeArena.Slice[])[a, b, huge]) Assert.Equal(0, (nint)slice.Data % 64);
        Assert.True(new Span<byte>(a.Data, 1000).IndexOfAnyExcept((byte)0) < 0);
        new Span<byte>(a.Data, 1000).Fill(1);
        Assert.Equal(0, b.Data[0]);
        huge.Data[(100L << 20) - 1] = 7;
        Assert.True(b.Data >= a.Data + 1000);
    }

    [Fact]
    public void A_slice_after_all_others_were_given_up_is_zeroed_again()
    {
        var arena = new NativeArena();
        for (var i = 0; i < 3; i++)
        {
            using var slice = arena.Allocate(1 << 20);
            Assert.Equal(0, slice.Data[12345]);
            slice.Data[12345] = 1;
        }
    }

    [Fact]
    public void A_disposed_layer_says_so()
    {
        using var backend = new CpuBackend(new() { Threads = 1 });
        var kv = backend.AllocateKv(new(2, 1, 4, DType.F16));
        kv.Dispose();
        kv.Dispose();

        Assert.Throws<ObjectDisposedException>(() => backend.CopyKvBlock(kv, 0, 1));
    }
}
