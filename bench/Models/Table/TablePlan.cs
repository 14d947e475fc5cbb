using Minka.Bench.Kernels;
using Minka.Compute;
using Minka.Compute.Cpu;

namespace Minka.Bench.Models.Table;

/// <summary>What the table consists of. Model files that are missing are made of random weights, or left out.</summary>
internal sealed class TablePlan(BenchOptions options)
{
    private readonly string _files = options.Text("--files", "artifacts/bench");
    private readonly int _threads = CpuInfo.Read().DefaultThreads;
    private readonly Contender _ours = new("minka", options.Text("--minka", "./minka"), "bench");
    private readonly Contender _theirs = new("llama.cpp", options.Text("--peer", ""), "llama-bench");
    private readonly int _rounds = options.Numbers("--rounds", "5")[0];

    /// <summary>Both programs kept to 256 bits.</summary>
    private static readonly Dictionary<string, string> _avx2 = new()
    {
        ["DOTNET_EnableAVX512"] = "0",
        ["LLAMACPP_CPU"] = "haswell",
    };

    private string Both => _threads == 1 ? "-t 1" : $"-t 1,{_threads}";

    /// <summary>Every piece, those that matter most first.</summary>
    public IEnumerable<TablePiece> Pieces()
    {
        var large = Made("1b", DType.Q4_0);
        yield return Peer("1b-q4_0", large, $"-p 256,512 -n 32 {Both} -r 1", 40, promptMust: "1.3");
        yield return new StartPiece
        {
            Name = "start-1b", Rounds = _rounds, SecondsAbout = 4, Program = _ours.Program, Model = large,
            SecondsMax = 2.5,
        };
        yield return new StartPiece
        {
            Name = "start-tiny", Rounds = _rounds, SecondsAbout = 1, Program = _ours.Program, Model = null,
            SecondsMax = 0.6,
        };
        yield return new SharingPiece
        {
            Name = "sharing", Rounds = _rounds, SecondsAbout = 8, Model = large, Threads = _threads,
        };
        foreach (var piece in Small()) yield return piece;
        yield return Peer("1b-q8_0", Made("1b", DType.Q8_0), $"-p 128 -n 32 {Both} -r 1", 28);
        yield return Peer("1b-f16", Made("1b", DType.F16), $"-p 128 -n 16 {Both} -r 1", 36);
        yield return Peer("1b-q4_0-avx2", large, $"-p 256 -n 32 {Both} -r 1", 28, remark: ", AVX2 both", avx2: true);
        foreach (var piece in Deep(large)) yield return piece;
        yield return Peer("moe-q4_0", Made("moe", DType.Q4_0), $"-p 256,512 -n 32 {Both} -r 1", 40,
            remark: " (2 of 8 experts)");
        yield return Peer("moe-fine-q4_0", Made("moe-fine", DType.Q4_0), $"-p 256,512 -n 32 {Both} -r 1", 40,
            remark: " (8 of 32 experts)");
    }

    private IEnumerable<TablePiece> Small()
    {
        yield return Peer("tiny", "models/minka-tiny/minka-tiny.Q8_0.gguf", $"-p 256 -n 128 {Both} -r 3", 10);
        yield return Peer("26m-q8_0", Made("26m", DType.Q8_0), $"-p 512 -n 64 {Both} -r 3", 12, remark: " (MiniMind2)");
        yield return Peer("26m-q4_0", Made("26m", DType.Q4_0), $"-p 512 -n 64 {Both} -r 3", 12, remark: " (MiniMind2)");
        var shared = Environment.GetEnvironmentVariable("MINKA_SHARED") ?? "../shared";
        var smol = Path.Combine(shared, "models/smollm2-135m-instruct/smollm2-135m-instruct.Q4_1.gguf");
        if (File.Exists(smol)) yield return Peer("smollm2", smol, $"-p 256 -n 64 {Both} -r 1", 14);
    }

    private IEnumerable<TablePiece> Deep(string large)
    {
        var shallow = Made("1b-2layers", DType.Q4_0);
        yield return Peer("d16384", shallow, $"-p 256 -n 32 -d 16384 -t {_threads} -r 3", 100);
        yield return Peer("d4096", large, $"-p 256 -n 32 -d 4096 -t {_threads} -r 2", 105);
        yield return Peer("d4096-kv-q8_0", shallow, $"-p 0 -n 32 -d 4096 -t {_threads} -r 3", 20,
            remark: ", Q8_0 KV", ourFlags: "--kv-type q8_0", theirFlags: "-ctk q8_0 -ctv q8_0 -fa on");
        yield return Peer("d4096-kv-f16", shallow, $"-p 0 -n 32 -d 4096 -t {_threads} -r 3", 20);
    }

    private PeerPiece Peer(
        string name, string model, string tests, int seconds, string promptMust = "1.0", string remark = "",
        string ourFlags = "", string theirFlags = "", bool avx2 = false) => new()
        {
            Name = name, Rounds = _rounds, SecondsAbout = seconds, Ours = _ours,
            Theirs = _theirs, Model = model, Tests = tests, PromptMust = promptMust, Remark = remark,
            OurFlags = ourFlags, TheirFlags = theirFlags, Environment = avx2 ? _avx2 : [],
        };

    private string Made(string shape, DType type)
    {
        var path = Path.Combine(_files, $"{shape}-{type.ToString().ToLowerInvariant()}.gguf");
        if (File.Exists(path)) return path;
        Directory.CreateDirectory(_files);
        new RandomGguf(ModelShape.Named(shape), type).Write(path);
        return path;
    }
}
