using System.Buffers.Binary;
using System.Text;

namespace Minka.Server.Tests.Observing;

/// <summary>A field of a protobuf message whose schema is not at hand: its path of numbers, and its value in the forms
/// that it may have.</summary>
internal sealed record ProtobufField(string Path, ulong Number, byte[] Bytes)
{
    /// <summary>The value as text.</summary>
    public string Text => Encoding.UTF8.GetString(Bytes);

    /// <summary>Every field, those of nested messages after the field that holds them.</summary>
    public static IEnumerable<ProtobufField> ReadAll(byte[] message) => Read(message, "") ?? [];

    private static List<ProtobufField>? Read(ReadOnlySpan<byte> message, string path)
    {
        var fields = new List<ProtobufField>();
        while (!message.IsEmpty)
        {
            if (!TryNumber(ref message, out var key) || key >> 3 is 0 or > 100) return null;
            var here = $"{path}/{key >> 3}";
            switch (key & 7)
            {
                case 0 when TryNumber(ref message, out var number):
                    fields.Add(new(here, number, []));
                    break;
                case 1 when message.Length >= 8:
                    fields.Add(new(here, BinaryPrimitives.ReadUInt64LittleEndian(message), []));
                    message = message[8..];
                    break;
                case 2 when TryNumber(ref message, out var length) && length <= (ulong)message.Length:
                    fields.Add(new(here, 0, message[..(int)length].ToArray()));
                    if (Read(message[..(int)length], here) is { } nested) fields.AddRange(nested);
                    message = message[(int)length..];
                    break;
                case 5 when message.Length >= 4:
                    message = message[4..];
                    break;
                default:
                    return null;
            }
        }
        return fields;
    }

    private static bool TryNumber(ref ReadOnlySpan<byte> message, out ulong number)
    {
        number = 0;
        for (var shift = 0; shift < 64 && !message.IsEmpty; shift += 7)
        {
            var next = message[0];
            message = message[1..];
            number |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80) return true;
        }
        return false;
    }
}
