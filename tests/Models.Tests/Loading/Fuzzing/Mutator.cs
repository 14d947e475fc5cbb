using System.Buffers.Binary;
using System.Text;

namespace Minka.Models.Tests.Loading.Fuzzing;

/// <summary>Damages a sound file in the ways that damaged and hostile files differ from sound ones.</summary>
internal sealed class Mutator(int seed)
{
    private const int EditsMax = 4;
    private const int InsertMax = 64;

    private static readonly long[] _numbers =
    [
        0, 1, 2, -1, 7, 8, 31, 32, 127, 128, 255, 256, 65_535, 65_536, 1_000_000_000, int.MaxValue, int.MinValue,
        uint.MaxValue, 1L << 32, 1L << 40, 1L << 61, 1L << 62, long.MaxValue, long.MinValue, -32,
    ];

    private static readonly byte[][] _texts = [.. new[]
    {
        "null", "true", "-1", "0", "1e999", "-0.5", "9223372036854775808", "99999999999", "\"\"", "[]", "{}", "[[[[",
        "{", "}", "]", "\"", ",", ":", "\\ud800", "\\u0000", "\u00FF", "..", "/", "{\"a\":", "F32", "F64",
        "yarn",
    }.Select(Encoding.UTF8.GetBytes)];

    private readonly Random _random = new(seed);

    /// <summary>A damaged copy.</summary>
    public byte[] Mutate(byte[] sound)
    {
        List<byte> bytes = [.. sound];
        var edits = 1 + _random.Next(2) * _random.Next(EditsMax);
        for (; edits > 0 && bytes.Count > 0; edits--) Edit(bytes);
        return bytes.Count > 0 ? [.. bytes] : [0];
    }

    private void Edit(List<byte> bytes)
    {
        var at = Place(bytes.Count);
        switch (_random.Next(8))
        {
            case 0:
                bytes[at] ^= (byte)(1 << _random.Next(8));
                break;
            case 1:
                bytes[at] = (byte)_random.Next(256);
                break;
            case 2:
                Overwrite(bytes, at, Number(_numbers[_random.Next(_numbers.Length)], 1 << _random.Next(4)));
                break;
            case 3:
                Overwrite(bytes, at, _texts[_random.Next(_texts.Length)]);
                break;
            case 4:
                bytes.InsertRange(at, _texts[_random.Next(_texts.Length)]);
                break;
            case 5:
                bytes.RemoveRange(at, Math.Min(_random.Next(1, InsertMax), bytes.Count - at));
                break;
            case 6:
                bytes.InsertRange(at, bytes.GetRange(at, Math.Min(_random.Next(1, InsertMax), bytes.Count - at)));
                break;
            default:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
        }
    }

    /// <summary>Headers are at the beginning: half of the damage goes there.</summary>
    private int Place(int count) => _random.Next(_random.Next(2) == 0 ? count : Math.Min(count, 512));

    private static byte[] Number(long value, int width)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        return bytes[..width];
    }

    private static void Overwrite(List<byte> bytes, int at, byte[] with)
    {
        for (var i = 0; i < with.Length && at + i < bytes.Count; i++) bytes[at + i] = with[i];
    }
}
