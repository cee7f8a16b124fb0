;; Products of rows, two rows by four and two values of each at once, in float64. `npm run kernels` writes products-kernel.ts from
;; this file.
(module
  (memory (export "memory") 1)

  ;; Adds a b^T to out. All rows start at multiples of 16 bytes.
  ;; a: m rows, b: k rows, both of `row` bytes, a multiple of 16; m is even and k a multiple of 4
  ;; out: m rows of k, 8 * stride bytes apart
  (func (export "products") (param $out i32) (param $a i32) (param $b i32)
    (param $m i32) (param $k i32) (param $row i32) (param $stride i32)
    (local $i i32) (local $c i32) (local $to i32) (local $x i32) (local $y i32) (local $end i32)
    (local $r0 v128) (local $r1 v128) (local $s v128)
    (local $p0 v128) (local $p1 v128) (local $p2 v128) (local $p3 v128)
    (local $q0 v128) (local $q1 v128) (local $q2 v128) (local $q3 v128)
    (local $b1 i32) (local $b2 i32) (local $b3 i32) (local $a1 i32)
    (local.set $stride (i32.shl (local.get $stride) (i32.const 3)))
    ;; Four rows of b stay in the fastest cache while all of a goes by.
    (block $allColumns
      (loop $columns
        (br_if $allColumns (i32.ge_s (local.get $c) (local.get $k)))
        (local.set $i (i32.const 0))
        (local.set $a1 (local.get $a))
        (local.set $to (i32.add (local.get $out) (i32.shl (local.get $c) (i32.const 3))))
        (block $allRows
          (loop $rows
            (br_if $allRows (i32.ge_s (local.get $i) (local.get $m)))
            (local.set $x (local.get $a1))
            (local.set $end (i32.add (local.get $x) (local.get $row)))
            (local.set $y (local.get $b))
            (local.set $b1 (i32.add (local.get $y) (local.get $row)))
            (local.set $b2 (i32.add (local.get $b1) (local.get $row)))
            (local.set $b3 (i32.add (local.get $b2) (local.get $row)))
            (local.set $p0 (v128.const f64x2 0 0))
            (local.set $p1 (v128.const f64x2 0 0))
            (local.set $p2 (v128.const f64x2 0 0))
            (local.set $p3 (v128.const f64x2 0 0))
            (local.set $q0 (v128.const f64x2 0 0))
            (local.set $q1 (v128.const f64x2 0 0))
            (local.set $q2 (v128.const f64x2 0 0))
            (local.set $q3 (v128.const f64x2 0 0))
            (block $full
              (loop $values
                (br_if $full (i32.ge_u (local.get $x) (local.get $end)))
                (local.set $r0 (v128.load (local.get $x)))
                (local.set $r1 (v128.load (i32.add (local.get $x) (local.get $row))))
                (local.set $s (v128.load (local.get $y)))
                (local.set $p0 (f64x2.add (local.get $p0) (f64x2.mul (local.get $r0) (local.get $s))))
                (local.set $q0 (f64x2.add (local.get $q0) (f64x2.mul (local.get $r1) (local.get $s))))
                (local.set $s (v128.load (local.get $b1)))
                (local.set $p1 (f64x2.add (local.get $p1) (f64x2.mul (local.get $r0) (local.get $s))))
                (local.set $q1 (f64x2.add (local.get $q1) (f64x2.mul (local.get $r1) (local.get $s))))
                (local.set $s (v128.load (local.get $b2)))
                (local.set $p2 (f64x2.add (local.get $p2) (f64x2.mul (local.get $r0) (local.get $s))))
                (local.set $q2 (f64x2.add (local.get $q2) (f64x2.mul (local.get $r1) (local.get $s))))
                (local.set $s (v128.load (local.get $b3)))
                (local.set $p3 (f64x2.add (local.get $p3) (f64x2.mul (local.get $r0) (local.get $s))))
                (local.set $q3 (f64x2.add (local.get $q3) (f64x2.mul (local.get $r1) (local.get $s))))
                (local.set $x (i32.add (local.get $x) (i32.const 16)))
                (local.set $y (i32.add (local.get $y) (i32.const 16)))
                (local.set $b1 (i32.add (local.get $b1) (i32.const 16)))
                (local.set $b2 (i32.add (local.get $b2) (i32.const 16)))
                (local.set $b3 (i32.add (local.get $b3) (i32.const 16)))
                (br $values)))
            (v128.store (local.get $to)
              (f64x2.add (v128.load (local.get $to))
                (f64x2.add
                  (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $p0) (local.get $p1))
                  (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $p0) (local.get $p1)))))
            (v128.store offset=16 (local.get $to)
              (f64x2.add (v128.load offset=16 (local.get $to))
                (f64x2.add
                  (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $p2) (local.get $p3))
                  (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $p2) (local.get $p3)))))
            (local.set $to (i32.add (local.get $to) (local.get $stride)))
            (v128.store (local.get $to)
              (f64x2.add (v128.load (local.get $to))
                (f64x2.add
                  (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $q0) (local.get $q1))
                  (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $q0) (local.get $q1)))))
            (v128.store offset=16 (local.get $to)
              (f64x2.add (v128.load offset=16 (local.get $to))
                (f64x2.add
                  (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $q2) (local.get $q3))
                  (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $q2) (local.get $q3)))))
            (local.set $to (i32.add (local.get $to) (local.get $stride)))
            (local.set $a1 (i32.add (local.get $a1) (i32.shl (local.get $row) (i32.const 1))))
            (local.set $i (i32.add (local.get $i) (i32.const 2)))
            (br $rows)))
        (local.set $b (i32.add (local.get $b) (i32.shl (local.get $row) (i32.const 2))))
        (local.set $c (i32.add (local.get $c) (i32.const 4)))
        (br $columns)))))
