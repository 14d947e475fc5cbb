namespace Minka.Bench.Models;

/// <summary><c>dllama SHAPE FILE</c>.</summary>
internal static class RandomDllamaBench
{
    public static int Run(string[] args)
    {
        if (args is not [var shape, var path] || !path.EndsWith(".m", StringComparison.Ordinal))
        {
            Console.Error.WriteLine(
                $"dllama needs SHAPE ({string.Join(", ", ModelShape.All.Select(s => s.Name))}) and FILE.m.");
            return 2;
        }
        new RandomDllama(ModelShape.Named(shape)).Write(path);
        Console.WriteLine($"{path}: {new FileInfo(path).Length / 1e6:F0} MB, and its tokenizer beside it");
        return 0;
    }
}
