namespace Minka.Cli.Screen;

/// <summary>Where keys come from: the console, or a list in a test.</summary>
internal interface IKeyboard
{
    /// <summary>The next key; null when there will be none.</summary>
    ConsoleKeyInfo? Read();

    /// <summary>Another key is already waiting.</summary>
    bool HasMore { get; }

    /// <summary>Until disposed, Ctrl+C is a key and not a signal.</summary>
    IDisposable Raw();
}

/// <summary>The keys of this process's console.</summary>
internal sealed class ConsoleKeyboard : IKeyboard
{
    public bool HasMore => Console.KeyAvailable;

    public ConsoleKeyInfo? Read()
    {
        try
        {
            return Console.ReadKey(intercept: true);
        }
        catch (InvalidOperationException)
        {
            return null; // the terminal went away
        }
    }

    public IDisposable Raw()
    {
        Console.TreatControlCAsInput = true;
        return new Cooked();
    }

    private sealed class Cooked : IDisposable
    {
        public void Dispose() => Console.TreatControlCAsInput = false;
    }
}
