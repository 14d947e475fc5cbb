using Minka.Compute;

namespace Minka.Bench.Models;

/// <summary><c>gguf SHAPE TYPE FILE</c>.</summary>
internal static class RandomGgufBench
{
    public static int Run(string[] args)
    {
        if (args is not [var shape, var type, var path]
            || !Enum.TryParse<DType>(type, ignoreCase: true, out var format))
        {
            Console.Error.WriteLine(
                $"gguf needs SHAPE ({string.Join(", ", ModelShape.All.Select(s => s.Name))}), "
                + $"TYPE ({string.Join(", ", Enum.GetNames<DType>())}) and FILE.");
            return 2;
        }
        new RandomGguf(ModelShape.Named(shape), format).Write(path);
        Console.WriteLine($"{path}: {new FileInfo(path).Length / 1e6:F0} MB");
        return 0;
    }
}
